"""A team's own rows of hardware: added to, never changed, so that each can be had back."""

from django.db import transaction
from django.utils.text import slugify

from evals.domain.hardware import Hardware
from evals.domain.hardwarerows import written_hardware
from evals.domain.problems import InputError, Problem
from evals.models import Team, TeamHardware, User
from evals.queries.hardware import catalogue, hardware_for
from evals.services.audit import record

RESERVED = {"new"}


def free_key(team: Team, name: str) -> str:
    """Return the key that a new row of this name gets.

    Raises:
        InputError: If nothing of the name can be a key, or the team has hardware of that key.
    """
    key = slugify(name)[:100]
    if not key or key in RESERVED:
        raise InputError(
            Problem(
                message=f"found {name!r}, expected a name with letters or digits", column="name"
            )
        )
    if key in hardware_for(team.pk):
        raise InputError(
            Problem(message=f"there is hardware called {name!r} already: edit that", column="name")
        )
    return key


@transaction.atomic
def save_hardware(*, team: Team, hardware: Hardware, user: User | None) -> None:
    """Write the team's newest row of this key, which counts from now on."""
    figures = written_hardware(hardware)
    before = _current(team, hardware.key)
    if before is not None and before.figures == figures:
        return
    _write(team, hardware.key, figures, user)
    action = "hardware changed" if before or hardware.key in catalogue() else "hardware added"
    record(team=team, user=user, action=action, subject=hardware.name, key=hardware.key)


@transaction.atomic
def remove_hardware(*, team: Team, hardware: Hardware, user: User | None) -> None:
    """Take hardware off the team's list; plans that name it keep its key and say so."""
    _write(team, hardware.key, None, user)
    record(team=team, user=user, action="hardware removed", subject=hardware.name, key=hardware.key)


@transaction.atomic
def restore_hardware(
    *, team: Team, key: str, version: TeamHardware | None, user: User | None
) -> None:
    """Make an earlier row of the team count again; `version` None: the catalogue's own.

    Raises:
        InputError: If there is nothing to go back to.
    """
    figures = version.figures if version else {}
    if figures is None or (not figures and key not in catalogue()):
        raise InputError(Problem(message=f"there is no such row of {key!r} to go back to"))
    _write(team, key, figures, user)
    name = figures.get("name") or catalogue()[key].name
    record(team=team, user=user, action="hardware restored", subject=name, key=key)


def _current(team: Team, key: str) -> TeamHardware | None:
    return TeamHardware.objects.filter(team=team, key=key).order_by("-pk").first()


def _write(team: Team, key: str, figures: object, user: User | None) -> None:
    TeamHardware.objects.create(team=team, key=key, figures=figures, created_by=user)
