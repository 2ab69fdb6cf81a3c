"""The page of one eval-set version."""

from dataclasses import dataclass

from django.urls import reverse

from evals.models import EvalSetVersion, Sample
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.preparation import Preparation, preparation
from evals.queries.setfindings import Findings, version_findings
from evals.queries.uploads import Cell, cells_of

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLink:
    """One version of the same eval set."""

    pk: int
    label: str
    is_current: bool
    compare_url: str


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
    pager: Pager
    versions: tuple[VersionLink, ...]
    findings: Findings
    preparation: Preparation


def version_page(version: EvalSetVersion, *, start: int = 0) -> VersionPage:
    """Return the page with the samples from position `start` on, in three queries.

    Select eval set, task, creator and check beforehand.
    """
    task, start = version.eval_set.task, min(start, max(0, version.sample_count - 1))
    samples = Sample.objects.between(version.pk, start, start + SHOWN)
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
        rows=tuple(_line(sample, version.columns) for sample in samples.order_by("pk")),
        pager=_pager(version, start),
        versions=tuple(_link(other, version) for other in versions[:SHOWN]),
        findings=version_findings(version),
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
    is_current = version.pk == current.pk
    return VersionLink(
        pk=version.pk,
        label=f"v{version.number} · {samples} · {figures.date(version.created_at)}",
        is_current=is_current,
        compare_url="" if is_current else compare_url(version.pk, current.pk),
    )


def compare_url(one: int, other: int) -> str:
    """Return where two versions are compared, the older one first."""
    return reverse("evals:version_compare", args=sorted((one, other)))


def _pager(version: EvalSetVersion, start: int) -> Pager:
    total, stop = version.sample_count, min(start + SHOWN, version.sample_count)
    here = f"{reverse('evals:version', args=[version.pk])}?from="
    return Pager(
        summary=f"Samples {start + 1:,} to {stop:,} of {total:,}",
        previous_url=f"{here}{max(0, start - SHOWN)}#samples" if start else "",
        next_url=f"{here}{stop}#samples" if stop < total else "",
    )
