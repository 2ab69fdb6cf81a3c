"""The portfolio: every task against every candidate, and what can move today."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from evals.domain.verdicts import Verdict
from evals.models import Task, Team
from evals.queries import figures
from evals.queries.access import evaluations_for, tasks_for
from evals.queries.outcomes import is_simulated
from evals.queries.standings import (
    LiveEvaluation,
    VerdictCell,
    answer_of,
    cells_of,
    live_evaluations,
    speaking,
)

MOST_COLUMNS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """A task against one column; `verdict` None: that candidate was not evaluated there."""

    column: str
    verdict: VerdictCell | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One task of the grid. `answer` is "" while nothing has been evaluated to its end."""

    task_id: int
    name: str
    incumbent: str
    is_incumbent_simulated: bool
    answer: str
    answered: str
    evaluation_id: int | None
    cells: tuple[GridCell, ...]
    others: tuple[VerdictCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage:
    """Everything the portfolio shows."""

    headline: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    has_others: bool
    rows: tuple[GridRow, ...]
    live: tuple[LiveEvaluation, ...]
    has_simulated: bool


def portfolio_page(team: Team, *, now: datetime) -> PortfolioPage:
    """Return the portfolio of a team, in six queries whatever its size."""
    tasks = list(tasks_for(team).select_related("incumbent__endpoint").order_by("name"))
    latest = {e.task_id: e for e in speaking(evaluations_for(team)).only(*_ONLY)}
    cells = cells_of((e.pk for e in latest.values()), today=now.date())
    columns = _columns(cells)
    by_task = {task_id: cells.get(e.pk, []) for task_id, e in latest.items()}
    ended = {task_id: e.finished_at for task_id, e in latest.items()}
    rows = tuple(_row(task, by_task.get(task.pk), ended.get(task.pk), columns) for task in tasks)
    return PortfolioPage(
        headline=_headline(rows),
        facts=_facts(rows),
        columns=columns,
        has_others=any(row.others for row in rows),
        rows=rows,
        live=live_evaluations(evaluations_for(team), now=now),
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
    task: Task,
    cells: list[VerdictCell] | None,
    ended: datetime | None,
    columns: tuple[str, ...],
) -> GridRow:
    verdicts = {cell.candidate: cell for cell in cells or [] if not cell.is_incumbent}
    incumbent = task.incumbent
    return GridRow(
        task_id=task.pk,
        name=task.name,
        incumbent=incumbent.name if incumbent else "",
        is_incumbent_simulated=is_simulated(incumbent),
        answer=answer_of(cells).value if cells else "",
        answered=figures.date(ended) if ended else "not evaluated yet",
        evaluation_id=cells[0].evaluation_id if cells else None,
        cells=tuple(GridCell(column=name, verdict=verdicts.get(name)) for name in columns),
        others=tuple(cell for name, cell in verdicts.items() if name not in columns),
    )


def _headline(rows: tuple[GridRow, ...]) -> str:
    movable = sum(row.answer == Verdict.GO for row in rows)
    return f"{movable:,} of {figures.plural(len(rows), 'task')} can move today"


def _facts(rows: tuple[GridRow, ...]) -> tuple[tuple[str, str], ...]:
    counts = Counter(row.answer for row in rows)
    return (
        ("Can move", figures.count(counts[Verdict.GO.value])),
        ("Undecided", figures.count(counts[Verdict.UNDECIDED.value])),
        ("Cannot move", figures.count(counts[Verdict.NO_GO.value])),
        ("Not evaluated", figures.count(counts[""])),
    )
