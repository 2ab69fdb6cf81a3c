"""The job that fetches a set of the hub into a kept file, from where it goes on as any upload."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings
from django.core.files import File
from django.db import transaction

from evals.domain.problems import InputError, Problem
from evals.engine.hubsets import HubSet, open_hub_set
from evals.models import Upload
from evals.models.uploads import UploadState
from evals.queries.uploads import first_rows
from evals.services.uploadleases import UploadLease, claim, held
from evals.services.uploadstoring import refusal_document

logger = logging.getLogger(__name__)


def carry_out(upload_id: str, *, now: datetime, should_end: Callable[[], bool]) -> None:
    """Fetch a set, or keep why it cannot be had; a second call does nothing."""
    upload = claim(upload_id, state=UploadState.FETCHING, now=now)
    if upload is None:
        return
    with held(upload, should_end=should_end) as lease:
        try:
            found = open_hub_set(upload.source)
            with TemporaryFile() as file:
                _write(found, file, lease)
                first_rows(file, upload.name)
                _keep(upload, found, file, lease)
        except InputError as error:
            lease.settle(state=UploadState.FAILED, refusal=refusal_document(error))
        logger.info("set fetched or refused upload=%s rows=%d", upload_id, lease.rows)


def _write(found: HubSet, file: IO[bytes], lease: UploadLease) -> None:
    limit, size, count = settings.UPLOAD_LIMIT_BYTES, 0, 0
    for count, row in enumerate(found.rows, start=1):
        line = json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n"
        size += len(line)
        if size > limit:
            message = f"the split is larger than {limit / 1e6:,.0f} MB, the limit of uploads"
            raise InputError(Problem(message=message))
        file.write(line)
        lease.tell(count, size)
    if not count:
        raise InputError(Problem(message="the split has no rows"))
    file.seek(0)


@transaction.atomic
def _keep(upload: Upload, found: HubSet, file: IO[bytes], lease: UploadLease) -> None:
    file.seek(0)
    upload.file.save(f"{upload.pk}", File(file), save=False)
    try:
        lease.settle(
            state=UploadState.KEPT,
            file=upload.file.name,
            size=lease.read_bytes,
            source={**upload.source, "commit": found.commit},
            rows_done=lease.rows,
        )
    except BaseException:
        upload.file.delete(save=False)
        raise
