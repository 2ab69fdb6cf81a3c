"""Whether a task survives a shock, and why."""

from enum import StrEnum

from evals.domain.positions import Option
from evals.domain.shocks import Affects, Shock


class Survival(StrEnum):
    """What becomes of a task."""

    UNHARMED = "unharmed"
    SURVIVES = "survives"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a task survives, does not, or why nobody knows."""

    NO_INCUMBENT = "no_incumbent"
    NOT_HIT = "not_hit"
    NOT_HARMED = "not_harmed"
    IN_TIME = "in_time"
    NO_FALLBACK = "no_fallback"
    TOO_LATE = "too_late"
    HIT_UNKNOWN = "hit_unknown"
    FALLBACK_UNKNOWN = "fallback_unknown"
    SWITCH_UNKNOWN = "switch_unknown"
    NOTICE_UNKNOWN = "notice_unknown"

    @property
    def survival(self) -> Survival:
        """What becomes of a task for this reason."""
        return _SURVIVALS.get(self, Survival.UNKNOWN)


_SURVIVALS = {
    Reason.NOT_HIT: Survival.UNHARMED,
    Reason.NOT_HARMED: Survival.UNHARMED,
    Reason.IN_TIME: Survival.SURVIVES,
    Reason.NO_FALLBACK: Survival.FAILS,
    Reason.TOO_LATE: Survival.FAILS,
}


def harm_of(incumbent: Option, shock: Shock, *, is_hit: bool | None) -> Reason | None:
    """Return why the incumbent needs no fallback or nobody knows, None where it is harmed."""
    if is_hit is None:
        return Reason.HIT_UNKNOWN
    if not is_hit:
        return Reason.NOT_HIT
    is_dearer = shock.price_multiplier > 1 and (
        shock.affects is not Affects.GPU or incumbent.hourly_share > 0
    )
    is_harmed = is_dearer or shock.quality_delta < 0 or shock.outage_hours or shock.availability
    return None if is_harmed else Reason.NOT_HARMED


def survival_of(
    *,
    harm: Reason | None,
    has_fallback: bool,
    may_have_fallback: bool,
    switch_days: int | None,
    notice_days: int | None,
) -> Reason:
    """Return why a harmed task survives or does not; `harm` says so where it is not harmed."""
    if harm is not None:
        return harm
    if not has_fallback:
        return Reason.FALLBACK_UNKNOWN if may_have_fallback else Reason.NO_FALLBACK
    if switch_days == 0:
        return Reason.IN_TIME  # within any notice
    if switch_days is None:
        return Reason.SWITCH_UNKNOWN
    if notice_days is None:
        return Reason.NOTICE_UNKNOWN
    return Reason.IN_TIME if switch_days <= notice_days else Reason.TOO_LATE
