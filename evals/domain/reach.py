"""Whether a shock reaches a candidate."""

from evals.domain.positions import Option
from evals.domain.shocks import Affects, Shock


def is_hit(option: Option, shock: Shock, incumbent: Option | None) -> bool | None:
    """Return whether the shock reaches the option; None where a fact is missing.

    What a team serves itself is out of reach of a model's developer, of a vendor and of a country:
    nobody takes weights back that one holds. It is hit as a host only where it is named. Hardware
    by the hour is hit by its name, or all of it where none is named.

    Args:
        option: Of a task.
        shock: With a target, or None for what the incumbent has.
        incumbent: The task's, None where it has none.
    """
    if shock.affects is Affects.GPU:
        return _is_hardware_hit(option, shock.target)
    if option.is_own and not (shock.affects is Affects.HOST and shock.target):
        return False
    if shock.target is None and option == incumbent:
        return True  # whoever its developer, its host or its country may be
    if shock.affects is Affects.JURISDICTION:
        return _is_country_hit(option, shock.target, incumbent)
    return _is_name_hit(option, shock, incumbent)


def names_of(option: Option, affects: Affects) -> frozenset[str]:
    """Return what a shock of that kind could name to hit the option."""
    if affects is Affects.JURISDICTION:
        return option.jurisdictions
    return frozenset(filter(None, [_name(option, affects)]))


def _is_hardware_hit(option: Option, target: str | None) -> bool | None:
    if not option.hourly_share:
        return False
    if target is None:
        return True
    return None if option.gpu is None else _same(option.gpu, target)


def _is_country_hit(option: Option, target: str | None, incumbent: Option | None) -> bool | None:
    wanted = frozenset({target}) if target else _countries(incumbent)
    if wanted & option.jurisdictions:
        return True
    is_open = option.is_country_unknown or (target is None and _is_unsure(incumbent))
    return None if is_open else False


def _countries(incumbent: Option | None) -> frozenset[str]:
    return incumbent.jurisdictions if incumbent else frozenset()


def _is_unsure(incumbent: Option | None) -> bool:
    return incumbent is not None and incumbent.is_country_unknown


def _is_name_hit(option: Option, shock: Shock, incumbent: Option | None) -> bool | None:
    if shock.target is None and incumbent is None:
        return False
    wanted = shock.target or (_name(incumbent, shock.affects) if incumbent else None)
    name = _name(option, shock.affects)
    return _same(name, wanted) if name and wanted else None


def _name(option: Option, affects: Affects) -> str | None:
    names = {
        Affects.MODEL: option.model,
        Affects.DEVELOPER: option.developer,
        Affects.HOST: option.host,
        Affects.GPU: option.gpu,
    }
    return names[affects]


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
