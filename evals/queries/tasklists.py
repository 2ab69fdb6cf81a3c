"""The list of tasks, each with what was found for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from evals.models import EvalSetVersion, Evaluation, QualityBar, Team
from evals.queries import figures
from evals.queries.access import evaluations_for, tasks_for
from evals.queries.outcomes import is_simulated
from evals.queries.standings import VerdictCell, answer_of, cells_of, speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task of the list, in words and, from `monthly_volume` on, in plain values."""

    pk: int
    name: str
    description: str
    incumbent: str
    is_incumbent_simulated: bool
    volume: str
    eval_set: str
    bar: str
    answer: str
    answered: str
    is_live: bool
    monthly_volume: int | None
    eval_set_version: int | None
    samples: int | None
    bar_version: int | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """The list of tasks."""

    rows: tuple[TaskRow, ...]


def tasks_page(team: Team, *, now: datetime) -> TasksPage:
    """Return the list of tasks, in three queries."""
    versions = EvalSetVersion.objects.filter(eval_set__task=OuterRef("pk")).order_by("-pk")
    bars = QualityBar.objects.filter(task=OuterRef("pk")).order_by("-number")
    live = Evaluation.objects.filter(task=OuterRef("pk"), finished_at__isnull=True)
    tasks = (
        tasks_for(team)
        .select_related("incumbent__endpoint")
        .annotate(
            version_number=Subquery(versions.values("number")[:1]),
            sample_count=Subquery(versions.values("sample_count")[:1]),
            bar_number=Subquery(bars.values("number")[:1]),
            is_live=Exists(live),
        )
        .order_by("name")
    )
    latest = {e.task_id: e for e in speaking(evaluations_for(team)).defer("spec")}
    cells = cells_of(team, (e.pk for e in latest.values()), today=now.date())
    return TasksPage(
        rows=tuple(
            TaskRow(
                pk=task.pk,
                name=task.name,
                description=task.description,
                incumbent=task.incumbent.name if task.incumbent else figures.UNKNOWN,
                is_incumbent_simulated=is_simulated(task.incumbent),
                volume=figures.count(task.monthly_volume),
                eval_set=figures.eval_set(task.version_number, task.sample_count),
                bar=f"v{task.bar_number}" if task.bar_number else figures.UNKNOWN,
                answer=_answer_word(latest.get(task.pk), cells),
                answered=_ended(latest.get(task.pk)),
                is_live=task.is_live,
                monthly_volume=task.monthly_volume,
                eval_set_version=task.version_number,
                samples=task.sample_count,
                bar_version=task.bar_number,
                answered_at=latest[task.pk].finished_at if task.pk in latest else None,
            )
            for task in tasks
        )
    )


def _answer_word(evaluation: Evaluation | None, cells: Mapping[int, Sequence[VerdictCell]]) -> str:
    return answer_of(cells[evaluation.pk]).value if evaluation else ""


def _ended(evaluation: Evaluation | None) -> str:
    if evaluation is None or evaluation.finished_at is None:
        return "not evaluated yet"
    return figures.date(evaluation.finished_at)
