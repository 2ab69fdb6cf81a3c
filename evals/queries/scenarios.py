"""The page of scenarios: one shock over every task of a team, and all shocks beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from evals.domain.positions import TaskPosition
from evals.domain.reach import names_of
from evals.domain.scenarios import Outcome, replay
from evals.domain.survival import Survival
from evals.models import Team
from evals.queries.access import deleted_scenarios_for
from evals.queries.positions import team_positions
from evals.queries.scenariorows import ScenarioRow, scenario_row
from evals.queries.scenariototals import Totals, headline, totals_of, totals_words
from evals.queries.shockchoices import ShockChoice, choose, shock_choices
from evals.queries.shockwords import HIT, effects


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """One shock that can be chosen, with what it would do to all tasks together."""

    key: str
    name: str
    dated: str
    is_own: bool
    is_chosen: bool
    spend: str
    in_time: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChoice:
    """One thing that the chosen shock may hit."""

    name: str
    value: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A scenario that was deleted and can come back from its audit line."""

    entry_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPage:
    """Everything the page of scenarios shows. `shock` None: there is none to choose."""

    shock: ShockChoice | None
    effects: tuple[tuple[str, str], ...]
    hits: str
    targets: tuple[TargetChoice, ...]
    problem: str
    headline: str
    facts: tuple[tuple[str, str, str], ...]
    rows: tuple[ScenarioRow, ...]
    overview: tuple[OverviewRow, ...]
    has_simulated: bool
    deleted: Deleted | None


def deleted_scenario(team: Team, entry_id: int | None) -> Deleted | None:
    """Return what was just deleted, in one query where anything is asked for."""
    if entry_id is None:
        return None
    entry = deleted_scenarios_for(team).filter(pk=entry_id).first()
    return Deleted(entry_id=entry.pk, name=entry.subject) if entry else None


def scenario_page(
    team: Team, *, key: str | None, target: str | None, today: date, deleted: Deleted | None = None
) -> ScenarioPage:
    """Return the page of scenarios, in five queries whatever the number of tasks and shocks."""
    positions = team_positions(team)
    choices = shock_choices(team)
    chosen = choose(choices, key=key, target=target)
    shock = chosen.choice
    outcomes = _replayed(positions, shock, today)
    totals = totals_of(outcomes)
    return ScenarioPage(
        shock=shock,
        effects=effects(shock.shock) if shock else (),
        hits=HIT[shock.shock.affects] if shock else "",
        targets=_targets(positions, shock) if shock else (),
        problem=chosen.problem,
        headline=headline(totals) if outcomes else "",
        facts=totals_words(totals) if outcomes else (),
        rows=tuple(scenario_row(outcome) for outcome in _worst_first(outcomes)),
        overview=tuple(_overview(choice, positions, shock, today) for choice in choices),
        has_simulated=any(_is_simulated(position) for position in positions),
        deleted=deleted,
    )


def _replayed(
    positions: Iterable[TaskPosition], choice: ShockChoice | None, today: date
) -> list[Outcome]:
    if choice is None:
        return []
    return [replay(position, choice.shock, today=today) for position in positions]


_ORDER = (Survival.FAILS, Survival.UNKNOWN, Survival.SURVIVES, Survival.UNHARMED)


def _worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: _ORDER.index(outcome.survival))


def _overview(
    choice: ShockChoice,
    positions: Sequence[TaskPosition],
    chosen: ShockChoice | None,
    today: date,
) -> OverviewRow:
    totals: Totals = totals_of(_replayed(positions, choice, today))
    return OverviewRow(
        key=choice.key,
        name=choice.name,
        dated=choice.dated,
        is_own=choice.pk is not None,
        is_chosen=chosen is not None and choice.key == chosen.key,
        spend=totals.spend_words,
        in_time=totals.in_time_words,
        url="?" + urlencode({"shock": choice.key}),
    )


def _targets(positions: Iterable[TaskPosition], choice: ShockChoice) -> tuple[TargetChoice, ...]:
    """Return what the shock could hit among the candidates, and what it is aimed at."""
    aimed = choice.shock.target
    found = {aimed} if aimed else set()
    for position in positions:
        for option in (*position.others, *([position.incumbent] if position.incumbent else [])):
            found |= names_of(option, choice.shock.affects)
    return tuple(
        TargetChoice(name=_short(name), value=name, is_chosen=name == aimed)
        for name in sorted(found, key=str.casefold)
    )


def _short(name: str) -> str:
    """Return the end of a file's path: its folder is nobody's business."""
    return name.rpartition("/")[2] if name.startswith("/") else name


def _is_simulated(position: TaskPosition) -> bool:
    incumbent = [position.incumbent] if position.incumbent else []
    return any(option.is_simulated for option in (*position.others, *incumbent))
