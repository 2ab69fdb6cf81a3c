"""A task's quality bars: the latest, and the ones before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.domain.specs import CriterionSpec, ScorerSpec
from evals.models import EvalSetVersion, QualityBar, Task
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.preparation import Preparation, latest_version, preparation
from evals.queries.slices import slice_values
from evals.queries.specs import criterion_specs, scorer_specs

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceChoices:
    """The slices that a line can be about: columns with values, and `others` of the bar so far.

    Those are slices by several columns, which a spec file can have, and those of earlier versions
    of the eval set.
    """

    columns: tuple[str, ...]
    values: Mapping[str, Sequence[str]]
    others: tuple[Mapping[str, str], ...]

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.values or self.others)


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
    slices: SliceChoices
    versions: tuple[BarVersion, ...]
    preparation: Preparation


def bar_page(task: Task) -> BarPage:
    """Return a task's scorers and bars, in six queries at most."""
    bars = list(task.bars.order_by("-number").prefetch_related("criteria")[:SHOWN])
    scorer_set = task.scorer_sets.order_by("-number").first()
    criteria = criterion_specs(bars[0]) if bars else ()
    return BarPage(
        task_id=task.pk,
        task_name=task.name,
        number=bars[0].number if bars else None,
        criteria=criteria,
        scorers=scorer_specs(scorer_set) if scorer_set else (),
        slices=slice_choices(latest_version(task), criteria),
        versions=tuple(_version(bar) for bar in bars),
        preparation=preparation(task),
    )


def slice_choices(
    version: EvalSetVersion | None, criteria: Sequence[CriterionSpec]
) -> SliceChoices:
    """Return what the lines of a bar can be about, by the version that was stored last."""
    columns = tuple(version.mapping["slices"]) if version else ()
    values = slice_values(version.pk) if version and columns else {}
    used = [dict(line.slice) for line in criteria if line.slice]
    others = [slice_ for slice_ in used if not _is_one_of(slice_, values)]
    unlike = [slice_ for place, slice_ in enumerate(others) if slice_ not in others[:place]]
    return SliceChoices(columns=columns, values=values, others=tuple(unlike))


def _is_one_of(slice_: Mapping[str, str], values: Mapping[str, Sequence[str]]) -> bool:
    return len(slice_) == 1 and all(value in values.get(key, ()) for key, value in slice_.items())


def _version(bar: QualityBar) -> BarVersion:
    return BarVersion(
        label=f"Bar v{bar.number} · written {figures.moment(bar.created_at)}",
        lines=tuple(_line(criterion) for criterion in criterion_specs(bar)),
    )


def _line(criterion: CriterionSpec) -> str:
    return criterion_text(criterion) + (" (advisory)" if criterion.advisory else "")
