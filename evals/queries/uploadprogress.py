"""How far an upload is that a worker has in hand, and what a task has on its way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from evals.domain.hubnames import hub_words
from evals.models import Task, Upload
from evals.models.uploads import UploadState
from evals.queries import figures
from evals.queries.workers import MissingPool, missing, served_pools

POOL = "default"
AT_WORK = (UploadState.FETCHING, UploadState.STORING)
LEAST_SHARE, LEAST_SECONDS = 0.01, 2  # before them, a guess at the end would be worth nothing
MOST_SHARE = 0.99  # the last rows are written after the last byte is read


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadProgress:
    """An upload's way. `share` None: nobody knows how much there is."""

    task_id: int
    task_name: str
    pk: str
    name: str
    source: str
    state: str
    is_open: bool
    headline: str
    rows: str
    read: str
    share: int | None
    left: str
    problems: tuple[str, ...]
    missing_pools: tuple[MissingPool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLine:
    """One upload on the page of its task."""

    pk: str
    name: str
    words: str
    is_open: bool


def upload_progress(upload: Upload, *, now: datetime) -> UploadProgress:
    """Return how far an upload is, in one query while nobody has it; select its task beforehand."""
    is_open, waits = upload.state in AT_WORK, upload.started_at is None
    share = _share(upload)
    problems = upload.refusal.get("problems", [])
    return UploadProgress(
        task_id=upload.task_id or 0,
        task_name=str(upload.task),
        pk=str(upload.pk),
        name=upload.name,
        source=_source(upload),
        state=upload.state,
        is_open=is_open,
        headline=_headline(upload),
        rows=figures.plural(upload.rows_done, "row"),
        read=_read(upload),
        share=None if share is None else round(100 * share),
        left=_left(upload, share, now=now),
        problems=tuple(problem["message"] for problem in problems),
        missing_pools=_missing(upload, now=now) if is_open and waits else (),
    )


def uploads_in_progress(task: Task) -> tuple[UploadLine, ...]:
    """Return what is on its way to become a version, the newest first, in one query."""
    rows = Upload.objects.filter(~Q(state=UploadState.STORED), task=task)
    return tuple(
        UploadLine(pk=str(row.pk), name=row.name, words=_line(row), is_open=row.state in AT_WORK)
        for row in rows.order_by("-created_at")
    )


def _source(upload: Upload) -> str:
    return hub_words(upload.source) if upload.source else figures.file_size(upload.size)


def _headline(upload: Upload) -> str:
    waiting = upload.state in AT_WORK and upload.started_at is None
    words = {
        UploadState.FETCHING: "Fetching it from the hub",
        UploadState.STORING: "Checking and storing every row",
        UploadState.FAILED: "This did not work",
        UploadState.STORED: "Stored",
    }
    if waiting:
        return "Waiting for a worker"
    return words.get(UploadState(upload.state), UploadState(upload.state).label.capitalize())


def _line(upload: Upload) -> str:
    share = _share(upload)
    if upload.state not in AT_WORK:
        return str(UploadState(upload.state).label)
    done = figures.plural(upload.rows_done, "row")
    return f"{UploadState(upload.state).label}: {done}" + (
        "" if share is None else f", {share:.0%}"
    )


def _share(upload: Upload) -> float | None:
    if upload.state != UploadState.STORING or not upload.size:
        return None
    return min(upload.bytes_done / upload.size, MOST_SHARE)


def _read(upload: Upload) -> str:
    done = figures.megabytes(upload.bytes_done)
    if upload.state != UploadState.STORING:
        return done
    return f"{done} of {figures.megabytes(upload.size)}"


def _left(upload: Upload, share: float | None, *, now: datetime) -> str:
    """Return how long it may take yet, "" while nobody can say."""
    if share is None or share < LEAST_SHARE or upload.started_at is None:
        return ""
    passed = now - upload.started_at
    if passed < timedelta(seconds=LEAST_SECONDS):
        return ""
    return figures.duration(passed * ((1 - share) / share))


def _missing(upload: Upload, *, now: datetime) -> tuple[MissingPool, ...]:
    served = served_pools(now=now)
    return () if POOL in served else missing([(POOL, upload.name)])
