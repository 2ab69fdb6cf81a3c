"""Evaluations in lists: what each concluded, or how far it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet

from evals.models import Evaluation, Run, Task, Team
from evals.queries import figures
from evals.queries.access import evaluations_for, tasks_for
from evals.queries.standings import VerdictCell, answer_of, cells_of, progress_of
from evals.queries.workers import MissingPool, missing, unserved_runs

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """One evaluation of a list, in words and, from `started_at` on, in plain values.

    `answer` is "" while it has not ended.
    """

    pk: int
    task_id: int
    task_name: str
    number: int
    status: str
    is_live: bool
    answer: str
    verdicts: tuple[VerdictCell, ...]
    done: int
    total: int
    progress: str
    grounds: str
    started: str
    took: str
    started_at: datetime
    seconds: float | None
    eval_set_version: int
    bar_version: int
    samples: int
    missing_pools: tuple[MissingPool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """What `_pager.html` shows; an empty address hides its link."""

    summary: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationsPage:
    """The list of a team's evaluations, or of one task's."""

    task_id: int | None
    task_name: str
    rows: tuple[EvaluationRow, ...]
    pager: Pager
    has_any_task: bool


def evaluations_page(
    team: Team, *, task: Task | None, before: int | None, now: datetime
) -> EvaluationsPage:
    """Return one page of evaluations, newest first, in five queries."""
    evaluations = evaluations_for(team)
    if task is not None:
        evaluations = evaluations.filter(task=task)
    found = list(_newest(evaluations, before=before)[: PAGE + 1])
    rows = evaluation_rows(team, found[:PAGE], now=now)
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return EvaluationsPage(
        task_id=task.pk if task else None,
        task_name=task.name if task else "",
        rows=rows,
        pager=_pager(rows, task=task, before=before, more=more),
        has_any_task=bool(found) or tasks_for(team).exists(),
    )


def recent_evaluations(task: Task, *, most: int, now: datetime) -> tuple[EvaluationRow, ...]:
    """Return the task's newest evaluations, in five queries."""
    found = _newest(Evaluation.objects.filter(task=task), before=None)[:most]
    return evaluation_rows(task.team, list(found), now=now)


def evaluation_rows(
    team: Team, evaluations: Sequence[Evaluation], *, now: datetime
) -> tuple[EvaluationRow, ...]:
    """Return the rows, in four queries; select task, version and bar beforehand.

    One more looks for workers while any of them is live.
    """
    unserved = _missing([e.pk for e in evaluations if e.finished_at is None], now=now)
    cells = cells_of(team, (e.pk for e in evaluations), today=now.date())
    progress = progress_of(evaluations)
    return tuple(
        EvaluationRow(
            pk=e.pk,
            task_id=e.task_id,
            task_name=e.task.name,
            number=e.number,
            status=progress[e.pk].status,
            is_live=e.finished_at is None,
            answer=answer_of(cells[e.pk]).value if e.finished_at else "",
            verdicts=tuple(cell for cell in cells[e.pk] if not cell.is_incumbent),
            done=progress[e.pk].done,
            total=progress[e.pk].total,
            progress=progress[e.pk].label,
            grounds=(
                f"eval set v{e.version.number} · bar v{e.bar.number} · "
                f"{figures.plural(e.sample_count, 'sample')}"
            ),
            started=figures.ago(e.created_at, now=now),
            took=figures.duration(e.finished_at - e.created_at) if e.finished_at else "",
            started_at=e.created_at,
            seconds=(e.finished_at - e.created_at).total_seconds() if e.finished_at else None,
            eval_set_version=e.version.number,
            bar_version=e.bar.number,
            samples=e.sample_count,
            missing_pools=unserved.get(e.pk, ()),
        )
        for e in evaluations
    )


def _missing(live: Sequence[int], *, now: datetime) -> dict[int, tuple[MissingPool, ...]]:
    """Return the pools that each evaluation waits for in vain, by its id."""
    if not live:
        return {}
    waiting: dict[int, list[tuple[str, str]]] = defaultdict(list)
    unserved = unserved_runs(Run.objects.filter(evaluation__in=live), now=now)
    for evaluation_id, pool, name in unserved.order_by("position").values_list(
        "evaluation_id", "candidate__endpoint__pool", "candidate__name"
    ):
        waiting[evaluation_id].append((pool, name))
    return {evaluation_id: missing(pairs) for evaluation_id, pairs in waiting.items()}


def _newest(evaluations: QuerySet[Evaluation], *, before: int | None) -> QuerySet[Evaluation]:
    older = evaluations if before is None else evaluations.filter(pk__lt=before)
    return older.select_related("task", "version", "bar").defer("spec").order_by("-pk")


def _pager(
    rows: tuple[EvaluationRow, ...], *, task: Task | None, before: int | None, more: int | None
) -> Pager:
    kept = {"task": task.pk} if task else {}
    first = "?" + urlencode(kept) if kept else "?"
    return Pager(
        summary=figures.plural(len(rows), "evaluation") + (" on this page" if more else ""),
        previous_url=first if before is not None else "",
        next_url="?" + urlencode({**kept, "before": more}) if more else "",
    )
