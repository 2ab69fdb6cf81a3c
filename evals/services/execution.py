"""Carrying out a run: lease, ask, score, store, until nothing is left. Only workers import this."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

import uvloop
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from evals.domain.trials import Question, RecordedAnswer
from evals.engine.endpoints import Endpoint, EndpointError, open_endpoint
from evals.engine.limits import Limits, ProcessLimit
from evals.engine.pump import Answered, Pump, PumpStats
from evals.models import Run
from evals.queries.work import RunWork, is_live, run_work, spent_usd
from evals.services import evaluations, shards, verdicts
from evals.services.connections import api_key, policy
from evals.services.questions import OpenQuestions
from evals.services.secrets import UnreadableSecretError
from evals.services.trials import Pending, TrialWriter

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # between looks at the run's state; a lease lasts thirty of them
GATHER_SECONDS = 0.05  # replies of so long are stored together
# For calls in flight when the worker is told to end: with one look and the storing after it this
# stays under the five seconds that whoever stops a worker waits before being rude.
LAST_CALL_SECONDS = 3.0


def never() -> bool:
    """Return False: nothing ends the work before it is done."""
    return False


def work_on_run(run_id: int, *, should_end: Callable[[], bool] = never) -> None:
    """Do what is left of a run, or as much of it as nobody else holds.

    `should_end` is asked every second; once it says so, what is in flight is given a few seconds
    and the rest is left for another worker.

    Raises:
        OperationalError: If the database is away; the leases run out and the run is rung for anew.
    """
    # Whoever stored the last of it may have died before saying so.
    evaluations.complete_run(run_id=run_id, now=timezone.now())
    if evaluations.begin_run(run_id=run_id, now=timezone.now()):
        _visit(run_id, should_end)
        evaluations.complete_run(run_id=run_id, now=timezone.now())
    for run in Run.objects.filter(pk=run_id):
        verdicts.close_evaluation(evaluation_id=run.evaluation_id, now=timezone.now())


def _visit(run_id: int, should_end: Callable[[], bool]) -> None:
    """Work on the run until there is no more to do here; what stands in the way pauses it."""
    holder = shards.new_holder()
    try:
        _drive(run_work(run_id), holder, should_end)
    except (EndpointError, UnreadableSecretError) as error:
        evaluations.pause_run(run_id=run_id, message=str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - or the run would be rung for and fail for ever
        # Without the error's own words, which may quote what a model was asked or said.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("run failed run=%s error=%s\n%s", run_id, type(error).__name__, frames)  # noqa: TRY400
        message = f"the worker failed: {type(error).__name__}: {error}"
        evaluations.pause_run(run_id=run_id, message=message)
    finally:
        evaluations.leave_run(run_id=run_id, holder=holder)


def _drive(work: RunWork, holder: str, should_end: Callable[[], bool]) -> None:
    started = time.monotonic()
    _stop_when_spent(work)
    drive = _Drive(work, holder, should_end)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(drive.carry_out())
    finally:
        drive.close()
    logger.info(
        "run left run=%s asked=%d stored=%d seconds=%.1f",
        work.run.pk,
        drive.asked,
        drive.writer.stored,
        time.monotonic() - started,
    )


def _stop_when_spent(work: RunWork) -> None:
    """Stop the run once its evaluation has spent the plan's budget."""
    budget = work.spec.plan.budget_usd
    if budget is not None and (spent := spent_usd(work)) >= budget:
        message = f"the budget of ${budget} is spent: ${spent:.4f}"
        evaluations.stop_run(run_id=work.run.pk, message=message, now=timezone.now())


class _Drive:
    """One worker's work on one run.

    The database is touched from two threads of its own, so that slow scoring delays neither the
    asking nor the leases.
    """

    def __init__(self, work: RunWork, holder: str, should_end: Callable[[], bool]) -> None:
        self.asked = 0
        self.writer = TrialWriter(work, holder)
        self._work = work
        self._holder = holder
        self._should_end = should_end
        self._open = OpenQuestions(work, holder=holder, writer=self.writer)
        self._pending: dict[tuple[int, int], Pending] = {}
        self._reading, self._writing = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def close(self) -> None:
        """Let the two threads and their connections go."""
        for thread in (self._reading, self._writing):
            thread.submit(_close_connection).result()
            thread.shutdown()

    async def carry_out(self) -> None:
        """Ask what is left until it is done, nothing can be had, or somebody says stop."""
        candidate = self._work.candidate
        endpoint = open_endpoint(
            candidate,
            api_key=api_key(self._work),
            answers=self._recorded,
            allow=policy(self._work.run.evaluation),
        )
        try:
            await self._ask(endpoint)
        finally:
            await endpoint.close()

    async def _ask(self, endpoint: Endpoint) -> None:
        allowed = self._work.candidate.endpoint
        limit = ProcessLimit(
            Limits(
                concurrency=endpoint.concurrency,
                requests_per_minute=allowed.requests_per_minute,
                tokens_per_minute=allowed.tokens_per_minute,
            )
        )
        async with Pump(endpoint, self._questions(), limit=limit) as pump:
            watch = asyncio.create_task(self._watch(pump))
            try:
                async for batch in pump.batches(gather_seconds=GATHER_SECONDS):
                    await self._store(batch)
            finally:
                self.asked = pump.stats.asked
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch  # or what it died of would be lost
        if pump.fatal is not None:
            message = pump.fatal.reply.error
            await _in(self._writing, _pause, self._work.run.pk, message)

    async def _questions(self) -> AsyncIterator[Question]:
        while (leased := await _in(self._reading, self._open.lease)) is not None:
            if leased.failed:
                await _in(self._writing, self.writer.store, leased.failed)
            self._pending.update({(p.sample.pk, p.epoch): p for p, _ in leased.asked})
            for _, question in leased.asked:
                yield question

    async def _store(self, batch: Sequence[Answered]) -> None:
        pairs = [
            (self._pending.pop((question.sample, question.epoch)), reply)
            for question, reply in batch
        ]
        await _in(self._writing, self.writer.store, pairs)

    async def _watch(self, pump: Pump) -> None:
        """Hold on to the leases, show what is going on, and stop when told to, until cancelled."""
        shortest: float | None = None
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                grace = await _in(self._reading, self._look, pump.stats)
                if grace is not None and (shortest is None or grace < shortest):
                    pump.stop(grace_seconds=grace)
                    shortest = grace
        finally:
            pump.stop(grace_seconds=0)

    def _look(self, stats: PumpStats) -> float | None:
        """Return for how many seconds calls in flight may still go on; None: nothing ends."""
        run_id = self._work.run.pk
        shards.renew_leases(run_id=run_id, holder=self._holder, now=timezone.now())
        Run.objects.filter(pk=run_id).update(
            in_flight=stats.in_flight, throttled=self._work.run.throttled + stats.throttled
        )
        if self._should_end() or self.writer.has_lost_shards:
            return LAST_CALL_SECONDS
        _stop_when_spent(self._work)
        return None if is_live(run_id) else self._work.candidate.endpoint.timeout_seconds

    def _recorded(self, keys: Sequence[str]) -> Mapping[str, RecordedAnswer]:
        return self._reading.submit(self._open.recorded, keys).result()


async def _in(
    thread: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    return await asyncio.wrap_future(thread.submit(call, *args, **kwargs))


def _pause(run_id: int, message: str) -> None:
    evaluations.pause_run(run_id=run_id, message=message)


def _close_connection() -> None:
    """Close the calling thread's own connection."""
    connection.close()
