"""The portfolio: every task against every candidate, what it costs, and what can move today."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from evals.domain.exposure import exposure_of
from evals.domain.verdicts import Verdict
from evals.models import Team
from evals.queries import figures
from evals.queries.access import evaluations_for, tasks_for
from evals.queries.exposurewords import ExposureCard, exposure_card
from evals.queries.portfoliofacts import portfolio_facts, portfolio_sums
from evals.queries.portfoliomoney import (
    Exact,
    Expiry,
    Money,
    Priced,
    bills_of,
    exact_of,
    expiry_of,
    money_of,
    priced,
    urgency,
)
from evals.queries.positions import INCUMBENT, positions_of
from evals.queries.shockchoices import NONE, ShockChoice, choose, shock_choices
from evals.queries.standings import (
    LiveEvaluation,
    VerdictCell,
    answer_of,
    cells_of,
    live_evaluations,
    speaking,
)

MOST_COLUMNS = 6
DEFAULT_SHOCK = "price-up-new-generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """A task against one column; `verdict` None: that candidate was not evaluated there."""

    column: str
    verdict: VerdictCell | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One task. `answer` is "" while nothing has been evaluated to its end."""

    task_id: int
    name: str
    incumbent: str
    is_incumbent_simulated: bool
    answer: str
    answered: str
    evaluation_id: int | None
    cells: tuple[GridCell, ...]
    others: tuple[VerdictCell, ...]
    money: Money
    expiry: Expiry
    exact: Exact
    answered_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage:
    """Everything the portfolio shows. `shock` None: none is chosen."""

    headline: str
    facts: tuple[tuple[str, str, str], ...]
    sums: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    has_others: bool
    rows: tuple[GridRow, ...]
    live: tuple[LiveEvaluation, ...]
    exposure: ExposureCard
    shock: ShockChoice | None
    shocks: tuple[ShockChoice, ...]
    problem: str
    query: str
    has_simulated: bool


def portfolio_page(team: Team, *, shock: str | None, now: datetime) -> PortfolioPage:
    """Return the portfolio of a team, in nine queries whatever its size.

    Args:
        team: Whose tasks.
        shock: The key of the one to replay, None for the usual one.
        now: Verdicts are dated by it.
    """
    tasks = list(tasks_for(team).select_related(*INCUMBENT).order_by("name"))
    latest = {e.task_id: e for e in speaking(evaluations_for(team)).only(*_ONLY)}
    ids = [evaluation.pk for evaluation in latest.values()]
    cells = cells_of(team, ids, today=now.date())
    by_task = {task_id: cells.get(e.pk, []) for task_id, e in latest.items()}
    ended = {task_id: e.finished_at for task_id, e in latest.items()}
    choices = shock_choices(team)
    chosen = choose(choices, key=shock, target=None, default=DEFAULT_SHOCK)
    today = now.date()
    figured = [
        priced(position, chosen.choice, today=today) for position in positions_of(team, tasks, ids)
    ]
    figured.sort(key=lambda task: urgency(task, today=today))
    columns = _columns(cells)
    rows = tuple(_row(task, by_task, ended, columns, today) for task in figured)
    bills = bills_of(figured)
    return PortfolioPage(
        headline=_headline(rows),
        facts=portfolio_facts(bills, chosen.choice, [row.answer for row in rows]),
        sums=portfolio_sums(bills, chosen.choice),
        columns=columns,
        has_others=any(row.others for row in rows),
        rows=rows,
        live=live_evaluations(evaluations_for(team), now=now),
        exposure=exposure_card(exposure_of(task.position for task in figured)),
        shock=chosen.choice,
        shocks=choices,
        problem=chosen.problem,
        query=urlencode({"shock": chosen.choice.key if chosen.choice else NONE}),
        has_simulated=any(
            row.is_incumbent_simulated
            or any(cell.is_simulated for cell in by_task.get(row.task_id, []))
            for row in rows
        ),
    )


_ONLY = ("pk", "task_id", "finished_at", "number", "state")


def _columns(cells: Mapping[int, Iterable[VerdictCell]]) -> tuple[str, ...]:
    """Return the candidates that most tasks have in common; the incumbents have no verdict."""
    names = Counter(
        cell.candidate for row in cells.values() for cell in row if not cell.is_incumbent
    )
    common = sorted(names, key=lambda name: (-names[name], name))
    return tuple(common[:MOST_COLUMNS])


def _row(
    task: Priced,
    by_task: Mapping[int, Sequence[VerdictCell]],
    ended: Mapping[int, datetime | None],
    columns: tuple[str, ...],
    today: date,
) -> GridRow:
    position = task.position
    cells = by_task.get(position.task_id, ())
    verdicts = {cell.candidate: cell for cell in cells if not cell.is_incumbent}
    incumbent = position.incumbent
    end = ended.get(position.task_id)
    return GridRow(
        task_id=position.task_id,
        name=position.name,
        incumbent=incumbent.name if incumbent else "",
        is_incumbent_simulated=incumbent is not None and incumbent.is_simulated,
        answer=answer_of(cells).value if cells else "",
        answered=figures.date(end) if end else "not evaluated yet",
        evaluation_id=cells[0].evaluation_id if cells else None,
        cells=tuple(GridCell(column=name, verdict=verdicts.get(name)) for name in columns),
        others=tuple(cell for name, cell in verdicts.items() if name not in columns),
        money=money_of(task),
        expiry=expiry_of(task, today=today),
        exact=exact_of(task),
        answered_on=end.date().isoformat() if end else "",
    )


def _headline(rows: tuple[GridRow, ...]) -> str:
    movable = sum(row.answer == Verdict.GO for row in rows)
    return f"{movable:,} of {figures.plural(len(rows), 'task')} can move today"
