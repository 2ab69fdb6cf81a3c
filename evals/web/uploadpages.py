"""What the pages show on which a file is chosen and its columns are mapped."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError, Problem
from evals.models import Task, Upload
from evals.models.uploads import UploadState
from evals.queries import figures
from evals.queries.preparation import Preparation, preparation
from evals.queries.setfindings import Findings, first_findings
from evals.queries.uploadprogress import UploadLine, uploads_in_progress
from evals.queries.uploads import FirstRows
from evals.services.evalsets import RefusedRowsError, source_words
from evals.services.uploads import is_large
from evals.web.forms.evalsets import MappingForm, UploadForm
from evals.web.forms.hubsets import HubForm
from evals.web.steps import Step, steps
from evals.web.uploading import limit_words

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rows that cannot be used. `go_on` "": there is nothing to go on with."""

    title: str
    problems: tuple[Problem, ...]
    more: int
    go_on: str
    download: str


@dataclass(frozen=True, slots=True)
class MapPage:
    """A kept file with its top, what its columns mean, and what is wrong with it."""

    task_id: int
    task_name: str
    upload: Upload
    source: str
    size: str
    unread: str
    top: FirstRows
    form: MappingForm
    refusal: Refusal | None
    findings: Findings | None
    is_large: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class MissingPage:
    """A kept file that is on the disk no more."""

    task_id: int
    task_name: str
    upload: Upload
    source: str


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Where a set comes from, a file or the hub, and what is on its way already."""

    about: Preparation
    form: UploadForm
    hub: HubForm
    limit_bytes: int
    limit: str
    waiting: tuple[UploadLine, ...]
    steps: tuple[Step, ...]


def upload_page(task: Task, form: UploadForm, hub: HubForm) -> UploadPage:
    """Return the page of both forms."""
    so_far = preparation(task)
    return UploadPage(
        about=so_far,
        form=form,
        hub=hub,
        limit_bytes=settings.UPLOAD_LIMIT_BYTES,
        limit=limit_words(),
        waiting=uploads_in_progress(task),
        steps=steps("eval_set", so_far),
    )


def map_page(
    kept: Upload,
    top: FirstRows,
    form: MappingForm,
    refused: Refusal | None,
    chosen: Mapping | None,
) -> MapPage:
    """Return the page for a kept file; select its task beforehand."""
    task = kept.task
    assert task is not None  # noqa: S101 - it was found by its task
    return MapPage(
        task_id=task.pk,
        task_name=task.name,
        upload=kept,
        source=source_words(kept),
        size=figures.file_size(kept.size),
        unread=_unread(top) if refused is None else "",
        top=top,
        form=form,
        refusal=refused,
        findings=first_findings(kept, chosen or top.guess),
        is_large=is_large(kept),
        steps=steps("eval_set", preparation(task)),
    )


def missing_page(kept: Upload) -> MissingPage:
    """Return the page for an upload without its file; select its task beforehand."""
    task = kept.task
    assert task is not None  # noqa: S101 - it was found by its task
    return MissingPage(task.pk, task.name, kept, source_words(kept))


def _unread(top: FirstRows) -> str:
    """Return what stands above the first rows where some cannot be read, "" where all can."""
    if not top.unread:
        return ""
    rows = f"the first {figures.plural(top.looked_at, 'row')} of this file"
    if top.unread == top.looked_at:
        return f"None of {rows} can be read"
    return f"{figures.count(top.unread)} of {rows} cannot be read"


def kept_refusal(kept: Upload, chosen: Mapping | None) -> Refusal | None:
    """Return why a worker could not store a file, None where it was not asked to."""
    if kept.state != UploadState.REFUSED or chosen is None:
        return None
    problems = tuple(Problem(**problem) for problem in kept.refusal["problems"])
    if "rejected" not in kept.refusal:
        return refusal(InputError(*problems), chosen)
    accepted, rejected = kept.refusal["accepted"], kept.refusal["rejected"]
    error = RefusedRowsError(*problems, file=kept.name, accepted=accepted, rejected=rejected)
    return refusal(error, chosen)


def refusal(error: InputError, mapping: Mapping) -> Refusal:
    """Return what to tell about rows, or a whole file, that cannot be used."""
    shown = error.problems[:SHOWN]
    if not isinstance(error, RefusedRowsError):
        return Refusal("This file cannot be used", shown, 0, "", "")
    rows = figures.plural(error.accepted + error.rejected, "row")
    return Refusal(
        title=f"{error.rejected:,} of {rows} cannot be used",
        problems=shown,
        more=error.rejected - len(shown),
        go_on=figures.plural(error.accepted, "valid row") if error.accepted else "",
        download=_query(mapping),
    )


def _query(mapping: Mapping) -> str:
    fields = {
        "input": mapping.input,
        "target": mapping.target,
        "slices": mapping.slices,
        "cluster": mapping.cluster or "",
    }
    return urlencode(fields, doseq=True)
