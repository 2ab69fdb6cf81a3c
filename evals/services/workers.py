"""Workers that show that they are about: a row for each, written anew every few seconds."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from evals.models import Worker
from evals.services.shards import this_host

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
LAST_WORD_SECONDS = 2.0  # what a worker that ends waits at most for its row to go
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A worker of this very process as it shows itself."""

    name: str
    pools: tuple[str, ...]
    processes: int
    started_at: datetime


def presence(*, node: str, pools: Iterable[str], processes: int, now: datetime) -> Presence:
    """Return what a worker shows; `node` is its name@host, which two hosts may share."""
    name = f"{node.partition('@')[0]}@{this_host()}"
    return Presence(name=name, pools=tuple(sorted(pools)), processes=processes, started_at=now)


def heartbeat(*, worker: Presence, now: datetime) -> None:
    """Write that the worker is about, and forget those that have not been for a day."""
    row = Worker(
        name=worker.name,
        host=this_host(),
        pid=os.getpid(),
        pools=list(worker.pools),
        processes=worker.processes,
        started_at=worker.started_at,
        seen_at=now,
    )
    changing = ["host", "pid", "pools", "processes", "started_at", "seen_at"]
    Worker.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=changing
    )
    Worker.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def forget(*, worker: Presence) -> None:
    """Delete the worker's row, unless a later process goes by its name."""
    Worker.objects.filter(name=worker.name, host=this_host(), pid=os.getpid()).delete()


class Heart:
    """Beats in a thread of its own, so that neither a job nor a database that is away matters.

    Each beat opens a connection and closes it: whatever is forked between two beats shares none.
    """

    def __init__(self, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._beat_seconds = beat_seconds
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_heard = True

    def start(self, worker: Presence) -> None:
        """Begin to beat, at once."""
        self._thread = threading.Thread(
            target=self._live, args=(worker,), name="heartbeat", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Beat no more and have the row deleted, if that can be had quickly."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(LAST_WORD_SECONDS)

    def _live(self, worker: Presence) -> None:
        while True:
            self._tell(lambda: heartbeat(worker=worker, now=timezone.now()))
            if self._ending.wait(self._beat_seconds):
                break
        self._tell(lambda: forget(worker=worker))

    def _tell(self, say: Callable[[], None]) -> None:
        """Say it to the database; one that is away is logged once, and tried again."""
        try:
            say()
        except Error as error:
            if self._is_heard:
                # Without the error's own words: they may hold the database's address.
                logger.warning("heartbeat not stored error=%s", type(error).__name__)
            self._is_heard = False
        else:
            self._is_heard = True
        finally:
            connection.close()
