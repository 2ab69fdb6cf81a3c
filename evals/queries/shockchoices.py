"""The shocks that a team can choose from: those of the catalogue and its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evals.domain.problems import InputError
from evals.domain.shockpresets import Preset
from evals.domain.shocks import Shock, shock_from_mapping, shock_mapping
from evals.models import Scenario, Team
from evals.queries import figures
from evals.queries.presets import presets
from evals.queries.shockwords import dated

OWN = "own-"  # begins the keys of a team's own
NONE = "none"  # the key that chooses no shock at all


@dataclass(frozen=True, slots=True, kw_only=True)
class ShockChoice:
    """A shock as it can be chosen by its `key`; `pk` is that of a team's own."""

    key: str
    name: str
    shock: Shock
    dated: str
    event: str
    source_url: str
    source_says: str
    opened: str
    reported_by: str
    pk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an address asked for. `problem` says what of it could not be understood."""

    choice: ShockChoice | None
    problem: str = ""


def shock_choices(team: Team) -> tuple[ShockChoice, ...]:
    """Return the catalogue's shocks, then the team's own by name, in one query."""
    own = Scenario.objects.filter(team=team).select_related("created_by").order_by("name")
    return (*map(_preset, presets()), *map(own_choice, own))


def choose(
    choices: Sequence[ShockChoice], *, key: str | None, target: str | None, default: str = ""
) -> Chosen:
    """Return the choice of that key, aimed at `target`; the default one where none is asked for.

    A key or a target that means nothing is said to, and what is left of the address counts.
    """
    if key == NONE:
        return Chosen(choice=None)
    by_key = {choice.key: choice for choice in choices}
    usual = by_key.get(default) or (choices[0] if choices else None)
    if key and key not in by_key:
        return Chosen(choice=usual, problem=f"There is no shock {key[:60]!r} any more.")
    found = by_key[key] if key else usual
    if found is None or not target:
        return Chosen(choice=found)
    try:
        aimed = shock_from_mapping({**shock_mapping(found.shock), "target": target})
    except InputError as error:
        return Chosen(choice=found, problem=f"Hit: {error.problems[0].message}.")
    return Chosen(choice=replace(found, shock=aimed))


def own_choice(row: Scenario) -> ShockChoice:
    """Return a team's own scenario as it is chosen; select who made it beforehand."""
    by = f" by {row.created_by}" if row.created_by else ""
    return ShockChoice(
        key=f"{OWN}{row.pk}",
        name=row.name,
        shock=shock_from_mapping(row.shock),
        dated="",
        event="",
        source_url="",
        source_says="",
        opened="",
        reported_by=f"this team: supposed{by}, {figures.date(row.created_at)}",
        pk=row.pk,
    )


def _preset(preset: Preset) -> ShockChoice:
    return ShockChoice(
        key=preset.identifier,
        name=preset.name,
        shock=preset.shock,
        dated=dated(preset.begins, preset.ends),
        event=preset.event,
        source_url=preset.source.url,
        source_says=preset.source.says,
        opened=figures.day(preset.source.opened_on),
        reported_by=preset.reported_by,
    )
