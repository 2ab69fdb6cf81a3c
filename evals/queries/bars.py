"""A task's quality bars: the latest, and the ones before it."""

from dataclasses import dataclass

from evals.domain.specs import CriterionSpec, ScorerSpec
from evals.models import QualityBar, Task
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.preparation import Preparation, preparation
from evals.queries.specs import criterion_specs, scorer_specs

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BarVersion:
    """One written bar, for reading."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPage:
    """What a task's scorers and bar are now, and what the bar was before."""

    task_id: int
    task_name: str
    number: int | None
    criteria: tuple[CriterionSpec, ...]
    scorers: tuple[ScorerSpec, ...]
    versions: tuple[BarVersion, ...]
    preparation: Preparation


def bar_page(task: Task) -> BarPage:
    """Return a task's scorers and bars, in four queries."""
    bars = list(task.bars.order_by("-number").prefetch_related("criteria")[:SHOWN])
    scorer_set = task.scorer_sets.order_by("-number").first()
    return BarPage(
        task_id=task.pk,
        task_name=task.name,
        number=bars[0].number if bars else None,
        criteria=criterion_specs(bars[0]) if bars else (),
        scorers=scorer_specs(scorer_set) if scorer_set else (),
        versions=tuple(_version(bar) for bar in bars),
        preparation=preparation(task),
    )


def _version(bar: QualityBar) -> BarVersion:
    return BarVersion(
        label=f"Bar v{bar.number} · written {figures.moment(bar.created_at)}",
        lines=tuple(_line(criterion) for criterion in criterion_specs(bar)),
    )


def _line(criterion: CriterionSpec) -> str:
    return criterion_text(criterion) + (" (advisory)" if criterion.advisory else "")
