"""The threads in which one visit to a run touches the database, each with a connection of its own.

So slow scoring and judging delay neither the asking nor the leases, and none of them the swapping
of shares.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connection

from evals.services.outages import outlast

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """One thread; a database that is away for a moment is waited for."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the call returns."""
        return await asyncio.wrap_future(self.submit(call, *args, **kwargs))

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call without waiting for it."""
        return self._pool.submit(partial(outlast, call, *args, **kwargs))

    def close(self) -> None:
        """Let the thread and its connection go."""
        self._pool.submit(_close_connection).result()
        self._pool.shutdown()


class Threads:
    """What one visit does beside each other."""

    def __init__(self) -> None:
        self.reading, self.writing = DatabaseThread(), DatabaseThread()
        self.swapping, self.judging = DatabaseThread(), DatabaseThread()

    def close(self) -> None:
        """Let them all go."""
        for thread in (self.reading, self.writing, self.swapping, self.judging):
            thread.close()


def _close_connection() -> None:
    """Close the calling thread's own connection."""
    connection.close()
