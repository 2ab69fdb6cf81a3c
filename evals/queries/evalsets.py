"""The page of one eval-set version."""

from dataclasses import dataclass

from evals.models import EvalSetVersion, Sample
from evals.queries import figures
from evals.queries.preparation import Preparation, preparation
from evals.queries.uploads import Cell, cells_of

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLink:
    """One version of the same eval set."""

    pk: int
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """One sample with all its columns."""

    row: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMeaning:
    """One column and what it is to the eval set: input, target, slice, cluster or nothing."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """What one version holds, its first rows, and what the task still lacks."""

    task_id: int
    task_name: str
    name: str
    samples: str
    rejected: int
    sha256: str
    source: str
    stored: str
    by: str
    columns: tuple[ColumnMeaning, ...]
    rows: tuple[SampleLine, ...]
    versions: tuple[VersionLink, ...]
    preparation: Preparation


def version_page(version: EvalSetVersion) -> VersionPage:
    """Return the page, in three queries; select eval set, task and creator beforehand."""
    task = version.eval_set.task
    samples = version.samples.order_by("position")[:SHOWN]
    versions = EvalSetVersion.objects.filter(eval_set__task=task).order_by("-pk")
    return VersionPage(
        task_id=task.pk,
        task_name=task.name,
        name=f"{version.eval_set.name} v{version.number}",
        samples=figures.plural(version.sample_count, "sample"),
        rejected=version.rejected_count,
        sha256=version.sha256,
        source=version.source_name,
        stored=figures.moment(version.created_at),
        by=str(version.created_by or "the command line"),
        columns=tuple(_meanings(version)),
        rows=tuple(_line(sample, version.columns) for sample in samples),
        versions=tuple(_link(other, version) for other in versions[:SHOWN]),
        preparation=preparation(task),
    )


def _meanings(version: EvalSetVersion) -> list[ColumnMeaning]:
    mapping = version.mapping
    meanings = dict.fromkeys(mapping["slices"], "slice")
    if mapping["cluster"]:
        meanings[mapping["cluster"]] = "cluster"
    meanings |= {mapping["target"]: "target", mapping["input"]: "input"}
    return [ColumnMeaning(name=name, meaning=meanings.get(name, "")) for name in version.columns]


def _line(sample: Sample, columns: list[str]) -> SampleLine:
    return SampleLine(row=sample.row, cells=cells_of(sample.input, columns))


def _link(version: EvalSetVersion, current: EvalSetVersion) -> VersionLink:
    samples = figures.plural(version.sample_count, "sample")
    return VersionLink(
        pk=version.pk,
        label=f"v{version.number} · {samples} · {figures.date(version.created_at)}",
        is_current=version.pk == current.pk,
    )
