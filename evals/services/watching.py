"""What goes on beside the asking: holding on to the leases, and noticing that a run is over."""

import asyncio
import time
from collections.abc import Callable

from django.utils import timezone

from evals.engine.pump import Pump, PumpStats
from evals.models import Run
from evals.models.evaluations import RunState
from evals.queries.work import RunWork, is_live, run_state
from evals.queries.workforce import should_make_way
from evals.services import shards
from evals.services.runcounters import RunCounters
from evals.services.stopping import settle_runs
from evals.services.threads import Threads
from evals.services.trials import TrialWriter

LOOK_SECONDS = 1.0  # between looks at the run's state; a lease lasts thirty of them
SETTLE_SECONDS = 0.25  # between readings of the stop rule, at least
SETTLE_SHARE = 0.1  # of the time at most goes into them
CERTAIN = 0.8  # of a lease, since clocks drift
# For calls in flight when the worker is told to end: with one look and the storing after it this
# stays under the five seconds that whoever stops a worker waits before being rude.
LAST_CALL_SECONDS = 3.0


class Watch:
    """Watches over one visit to a run."""

    def __init__(
        self,
        work: RunWork,
        *,
        writer: TrialWriter,
        holder: str,
        should_end: Callable[[], bool],
        threads: Threads,
    ) -> None:
        """Prepare; `should_end` is asked whether the worker has to go."""
        self._run = work.run
        self._writer = writer
        self._holder = holder
        self._should_end = should_end
        self._threads = threads
        self._stops_early = work.spec.plan.stop_early
        self._grace_seconds = work.candidate.endpoint.timeout_seconds
        self._counters = RunCounters(work.run.pk, holder=holder)

    async def hold_on(self, pump: Pump) -> None:
        """Hold on to the leases, show what is going on, and stop when told to, until cancelled."""
        shortest: float | None = None
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                held_until = lease_end()
                grace = await self._threads.reading.run(self._look, pump.stats)
                pump.ask_until(held_until)
                if grace is not None and (shortest is None or grace < shortest):
                    pump.stop(grace_seconds=grace)
                    shortest = grace
        finally:
            pump.stop(grace_seconds=0)

    async def stop_when_settled(self, pump: Pump) -> None:
        """Read the stop rule as often as it is cheap, until it ends the run."""
        pause, is_open = SETTLE_SECONDS, self._stops_early
        while is_open:
            await asyncio.sleep(pause)
            started = time.monotonic()
            is_open = await self._threads.judging.run(_settle, self._run)
            pause = max(SETTLE_SECONDS, (time.monotonic() - started) / SETTLE_SHARE)
            if not is_open:
                pump.stop(grace_seconds=self._grace_seconds)

    def show(self, stats: PumpStats) -> None:
        """Store how many calls are under way and were throttled."""
        self._counters.show(in_flight=stats.in_flight, throttled=stats.throttled)

    def _look(self, stats: PumpStats) -> float | None:
        """Return for how many seconds calls in flight may still go on; None: nothing ends."""
        self._writer.hold_on()
        self.show(stats)
        if run_state(self._run.pk) == RunState.CANCELLED:
            return 0.0  # what is in flight will never be stored
        if self._should_end() or self._writer.has_lost_shards:
            return LAST_CALL_SECONDS
        is_staying = is_live(self._run.pk) and not should_make_way(
            self._run, holder=self._holder, now=timezone.now()
        )
        return None if is_staying else self._grace_seconds


def lease_end() -> float:
    """Return until when what is leased or renewed now is held, on this process's own clock."""
    return time.monotonic() + CERTAIN * shards.LEASE.total_seconds()


def _settle(run: Run) -> bool:
    """Read the stop rule; return whether the run goes on."""
    settle_runs(evaluation_id=run.evaluation_id, now=timezone.now())
    return is_live(run.pk)
