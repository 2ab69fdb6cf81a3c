"""Who works on an upload: one job at a time, which says every second how far it is."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.models import F, Q
from django.utils import timezone

from evals.models import Upload
from evals.models.uploads import UploadState

logger = logging.getLogger(__name__)
LOST_AFTER = timedelta(seconds=30)
BEAT_SECONDS = 1.0


class LeaseLostError(Exception):
    """Somebody else has the upload by now, it was thrown away, or the worker has to end."""


@dataclass(slots=True, eq=False)
class UploadLease:
    """An upload in the hands of one job; `tell` is cheap enough to be called for every row."""

    upload: Upload
    should_end: Callable[[], bool]
    rows: int = 0
    read_bytes: int = 0
    is_lost: bool = False

    def tell(self, rows: int, read_bytes: int) -> None:
        """Note how far the job is.

        Raises:
            LeaseLostError: If it has to give up.
        """
        self.rows, self.read_bytes = rows, read_bytes
        if self.is_lost or self.should_end():
            raise LeaseLostError

    def settle(self, **changes: Any) -> None:
        """Write down what became of the upload, unless it is somebody else's by now.

        Raises:
            LeaseLostError: If it is.
        """
        if not _held(self.upload).update(holder="", **changes):
            raise LeaseLostError

    def beat(self) -> None:
        """Say that the job goes on, and how far it is."""
        self.is_lost = not _held(self.upload).update(
            heard_at=timezone.now(), rows_done=self.rows, bytes_done=self.read_bytes
        )


def claim(upload_id: str, *, state: UploadState, now: datetime) -> Upload | None:
    """Take an upload that is to be worked on, or return None if there is nothing to do."""
    free = Q(holder="") | Q(heard_at__lt=now - LOST_AFTER)
    holder = uuid.uuid4().hex
    taken = Upload.objects.filter(free, pk=upload_id, state=state).update(
        holder=holder,
        heard_at=now,
        started_at=now,
        attempts=F("attempts") + 1,
        rows_done=0,
        bytes_done=0,
    )
    if not taken:
        return None
    return Upload.objects.select_related("task__team", "asked_by").filter(holder=holder).first()


@contextmanager
def held(upload: Upload, *, should_end: Callable[[], bool]) -> Iterator[UploadLease]:
    """Hold an upload: beats go on in a thread, whose writes are seen while a transaction is open.

    A lease that is lost, or whose worker has to end, is given back in silence. The orderly end of
    a worker is no attempt that failed, so it is not counted as one.
    """
    lease, ended = UploadLease(upload, should_end), threading.Event()
    beats = threading.Thread(target=_beat, args=(lease, ended), name="upload", daemon=True)
    beats.start()
    try:
        yield lease
    except LeaseLostError:
        begun_in_vain = {"attempts": F("attempts") - 1} if should_end() else {}
        _held(upload).update(holder="", rung_at=None, **begun_in_vain)
        logger.info("upload given back upload=%s", upload.pk)
    finally:
        ended.set()
        beats.join()


def _held(upload: Upload) -> Any:
    return Upload.objects.filter(pk=upload.pk, holder=upload.holder)


def _beat(lease: UploadLease, ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        try:
            lease.beat()
        except Error as error:
            # Without the error's own words: they may hold the database's address.
            logger.warning("progress not stored error=%s", type(error).__name__)
        finally:
            connection.close()
