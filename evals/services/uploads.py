"""Uploads that a job works on: asked for, rung for until somebody has heard, given up."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.db import transaction
from django.db.models import Q

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError
from evals.domain.rowcounts import rows_about
from evals.domain.rowfiles import FileKind
from evals.models import Task, Upload, User
from evals.models.uploads import UploadState
from evals.queue import Job, enqueue
from evals.services.evalsets import forget_upload
from evals.services.uploadleases import LOST_AFTER

AT_ONCE_BYTES = 4_000_000  # stored while the page waits: about a second
AT_ONCE_ROWS = 20_000  # the same: short rows, and packed ones, are more work than their bytes
RING_AGAIN = timedelta(seconds=30)
MOST_ATTEMPTS = 5
JOBS = {UploadState.FETCHING: Job.FETCH_DATASET, UploadState.STORING: Job.STORE_UPLOAD}
GIVEN_UP = {
    "problems": [
        {
            "message": f"{MOST_ATTEMPTS} workers began this and none came to an end; "
            "their logs say why"
        }
    ]
}


def is_large(upload: Upload) -> bool:
    """Return whether a job stores the file rather than the request that maps it."""
    if upload.size > AT_ONCE_BYTES:
        return True
    try:
        with upload.file.open("rb") as file:
            return rows_about(cast("BinaryIO", file), FileKind.of(upload.name)) > AT_ONCE_ROWS
    except InputError:
        return False  # to be refused at once


@transaction.atomic
def ask_to_store(
    *,
    upload: Upload,
    mapping: Mapping,
    user: User,
    accept_valid: bool = False,
    now: datetime,
) -> None:
    """Have a worker store a kept file; one that is being stored or is stored already is left."""
    waiting = Upload.objects.filter(
        pk=upload.pk, state__in=[UploadState.KEPT, UploadState.REFUSED, UploadState.FAILED]
    ).exclude(file="")
    asked = waiting.update(
        state=UploadState.STORING,
        mapping=asdict(mapping),
        accept_valid=accept_valid,
        asked_by=user,
        attempts=0,
        refusal={},
        rung_at=now,
        rows_done=0,
        bytes_done=0,
        started_at=None,
    )
    if asked:
        enqueue(Job.STORE_UPLOAD, str(upload.pk))


@transaction.atomic
def ask_to_fetch(*, task: Task, source: dict[str, str], user: User, now: datetime) -> Upload:
    """Have a worker fetch a set of the hub into a kept file."""
    name = f"{source['name'].rpartition('/')[2]}.jsonl"
    upload = Upload.objects.create(
        team=task.team,
        task=task,
        created_by=user,
        asked_by=user,
        name=name,
        size=0,
        source=source,
        state=UploadState.FETCHING,
        rung_at=now,
    )
    enqueue(Job.FETCH_DATASET, str(upload.pk))
    return upload


@transaction.atomic
def try_again(*, upload: Upload, now: datetime) -> None:
    """Ask once more for what failed; anything else is left as it is."""
    state = UploadState.STORING if upload.file else UploadState.FETCHING
    failed = Upload.objects.filter(pk=upload.pk, state=UploadState.FAILED)
    if failed.update(state=state, attempts=0, refusal={}, rung_at=now, started_at=None):
        enqueue(JOBS[state], str(upload.pk))


@transaction.atomic
def throw_away(*, upload: Upload) -> None:
    """Forget a file; a job that works on it finds it gone and stores nothing."""
    found = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if found is not None and found.state != UploadState.STORED:
        forget_upload(upload=found)


@transaction.atomic
def ring_for_uploads(*, now: datetime) -> int:
    """Ring again for uploads that nobody works on, or give them up; return how many rang."""
    left = Q(holder="") | Q(heard_at__lt=now - LOST_AFTER)
    rung = Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN)
    due = Upload.objects.filter(left & rung, state__in=JOBS)
    due.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=UploadState.FAILED, holder="", refusal=GIVEN_UP
    )
    bells = list(due.select_for_update(skip_locked=True).values_list("pk", "state"))
    Upload.objects.filter(pk__in=[pk for pk, _ in bells]).update(rung_at=now)
    for pk, state in bells:
        enqueue(JOBS[UploadState(state)], str(pk))
    return len(bells)
