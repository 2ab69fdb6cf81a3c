"""The job that makes a version from a large file: once, whoever begins it how often."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import BinaryIO, cast

from django.db import transaction
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, open_rows
from evals.models import EvalSetVersion, Upload
from evals.models.uploads import UploadState
from evals.queries.uploads import chosen_mapping
from evals.services.evalsets import (
    Origin,
    RefusedRowsError,
    create_version,
    delete_file_once_sure,
    eval_set_of,
    source_words,
)
from evals.services.uploadleases import LeaseLostError, UploadLease, claim, held
from evals.services.versionchecks import ask_for_check

logger = logging.getLogger(__name__)
PROBLEMS_SHOWN = 50


def carry_out(upload_id: str, *, now: datetime, should_end: Callable[[], bool]) -> None:
    """Store a kept file as it was mapped, or why it cannot be; a second call does nothing."""
    upload = claim(upload_id, state=UploadState.STORING, now=now)
    if upload is None:
        return
    with held(upload, should_end=should_end) as lease:
        try:
            version = _store(upload, lease)
            ask_for_check(version=version, now=timezone.now())
        except InputError as error:
            lease.settle(state=UploadState.REFUSED, refusal=refusal_document(error))
        except FileNotFoundError:
            lease.settle(state=UploadState.FAILED, refusal=NO_FILE)
        logger.info("upload stored or refused upload=%s rows=%d", upload_id, lease.rows)


def refusal_document(error: InputError) -> dict[str, object]:
    """Return what is wrong with a file as it is kept: its first problems, and how many rows."""
    counts: dict[str, object] = {}
    if isinstance(error, RefusedRowsError):
        counts = {"accepted": error.accepted, "rejected": error.rejected}
    return {"problems": [asdict(each) for each in error.problems[:PROBLEMS_SHOWN]], **counts}


NO_FILE = refusal_document(
    InputError(
        Problem(
            message="the worker found no such file: workers that store uploads need the web "
            "server's folder of uploads"
        )
    )
)


@transaction.atomic
def _store(upload: Upload, lease: UploadLease) -> EvalSetVersion:
    mapping = chosen_mapping(upload)
    if mapping is None or upload.task is None:
        raise LeaseLostError
    with upload.file.open("rb") as file:
        version = create_version(
            eval_set=eval_set_of(task=upload.task, upload=upload),
            rows=open_rows(cast("BinaryIO", file), FileKind.of(upload.name)),
            mapping=mapping,
            origin=Origin(name=source_words(upload), user=upload.asked_by),
            accept_valid=upload.accept_valid,
            progress=lambda rows: lease.tell(rows, file.tell()),
        )
    lease.settle(state=UploadState.STORED, version=version, file="")
    delete_file_once_sure(upload)
    return version
