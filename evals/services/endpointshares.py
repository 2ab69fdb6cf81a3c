"""One worker's part in the limits of the endpoint that it asks."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from django.db import InterfaceError, OperationalError

from evals.domain.specendpoints import is_shared
from evals.domain.specs import CandidateSpec
from evals.engine.endpoints import Endpoint
from evals.engine.limits import Limits, ProcessLimit
from evals.engine.pump import Pump
from evals.engine.sharing import Report, Share, follow, keep_sharing
from evals.models.pumping import MOST_AT_ONCE
from evals.queries.work import RunWork
from evals.services.endpointlimits import give_share_back, swap_share
from evals.services.threads import DatabaseThread


def roomy(candidate: CandidateSpec) -> CandidateSpec:
    """Return a candidate whose endpoint, if it is shared, itself limits nothing.

    Its limit may be raised while it is asked, and what holds is the worker's share.
    """
    endpoint = candidate.endpoint
    if not is_shared(endpoint):
        return candidate
    concurrency = max(endpoint.concurrency, MOST_AT_ONCE)
    return replace(candidate, endpoint=replace(endpoint, concurrency=concurrency))


class EndpointShare:
    """What one visit to a run may ask of the endpoint, followed by `limit`.

    `calls` is how many calls at once to begin with. Where each worker has hardware of its own,
    the limit is the spec's and nothing is swapped.
    """

    def __init__(self, work: RunWork, endpoint: Endpoint, *, holder: str) -> None:
        allowed = work.candidate.endpoint
        self.is_shared = is_shared(allowed)
        self._allowed = Limits(
            concurrency=allowed.concurrency if self.is_shared else endpoint.concurrency,
            requests_per_minute=allowed.requests_per_minute,
            tokens_per_minute=allowed.tokens_per_minute,
        )
        self.limit = ProcessLimit(
            replace(self._allowed, concurrency=0) if self.is_shared else self._allowed
        )
        self.calls = self._allowed.concurrency
        self._most = endpoint.concurrency
        self._left = work.run.evaluation.sample_count * work.run.evaluation.epochs
        self._endpoint_id = work.run.candidate.endpoint_id
        self._holder = holder
        self._told: Share | None = None

    def begin(self) -> None:
        """Take a first share, of which nothing may be there yet. Touches the database."""
        if not self.is_shared:
            return
        now, wanted = monotonic(), min(self._left, self._most)
        self._told = self._swap(Report(holder=self._holder, in_flight=0, wanted=wanted))
        follow(self.limit, self._told, now=now)
        self.calls = min(self._told.concurrency, self._most)

    async def keep(self, pump: Pump, thread: DatabaseThread) -> None:
        """Swap once a second, in a thread that may touch the database, until cancelled."""
        if not self.is_shared:
            return

        async def swap(report: Report) -> Share:
            share = await _in_full(thread, self._swap, report)
            pump.make_room(min(share.concurrency, self._most))
            return share

        try:
            await keep_sharing(
                self.limit,
                swap,
                holder=self._holder,
                wanted=lambda: min(pump.wanted, self._most),
                first=self._told,
            )
        finally:
            pump.stop(grace_seconds=0)

    def end(self) -> None:
        """Give the share back once every call is over; what cannot be said is forgotten soon."""
        if self._told is not None:
            with suppress(OperationalError, InterfaceError):
                give_share_back(endpoint_id=self._endpoint_id, holder=self._holder)

    def _swap(self, report: Report) -> Share:
        return swap_share(endpoint_id=self._endpoint_id, allowed=self._allowed, report=report)


async def _in_full(
    thread: DatabaseThread, swap: Callable[[Report], Share], report: Report
) -> Share:
    """Return the share; when cancelled, wait first: a late swap would undo that one has left."""
    swapping = asyncio.wrap_future(thread.submit(swap, report))
    try:
        return await asyncio.shield(swapping)
    except asyncio.CancelledError:
        await asyncio.wait([swapping])
        raise
