"""Carrying out a run: lease, ask, score, store, until nothing is left. Only workers import this."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop
from django.db import connection
from django.utils import timezone

from evals.domain.order import shuffled_order
from evals.domain.prompts import PromptError, render
from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState
from evals.engine.endpoints import EndpointError, open_endpoint
from evals.engine.pump import Answered, Pump
from evals.models import Run, Sample, Shard
from evals.queries.work import (
    RunWork,
    is_live,
    recorded_answers,
    run_work,
    samples_at,
    spent_usd,
    stored_trials,
)
from evals.services import evaluations, shards, verdicts
from evals.services.candidates import key_hash, recorded_key
from evals.services.connections import api_key, policy
from evals.services.secrets import UnreadableSecretError
from evals.services.trials import Pending, TrialWriter

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # between looks at the run's state; a lease lasts thirty of them
GATHER_SECONDS = 0.05  # replies of so long are stored together
LAST_CALL_SECONDS = 5.0  # how long calls in flight may go on when the worker is told to end


def never() -> bool:
    return False


def work_on_run(run_id: int, *, should_end: Callable[[], bool] = never) -> None:
    """Do what is left of a run, or as much of it as nobody else holds.

    `should_end` is asked every second; once it says so, what is in flight is given a few seconds
    and the rest is left for another worker.
    """
    if evaluations.begin_run(run_id=run_id, now=timezone.now()):
        work = run_work(run_id)
        try:
            _drive(work, should_end)
        except (EndpointError, UnreadableSecretError) as error:
            evaluations.pause_run(run_id=run_id, message=str(error))
        finally:
            shards.release_shards(run_id=run_id, holder=shards.this_holder())
        evaluations.complete_run(run_id=run_id, now=timezone.now())
    evaluation_id = Run.objects.values_list("evaluation_id", flat=True).get(pk=run_id)
    verdicts.close_evaluation(evaluation_id=evaluation_id, now=timezone.now())


def _drive(work: RunWork, should_end: Callable[[], bool]) -> None:
    started = time.monotonic()
    drive = _Drive(work, should_end)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(drive.carry_out())
    finally:
        drive.close()
    if drive.message:
        evaluations.pause_run(run_id=work.run.pk, message=drive.message)
    logger.info(
        "run left run=%s asked=%d stored=%d seconds=%.1f",
        work.run.pk,
        drive.asked,
        drive.writer.stored,
        time.monotonic() - started,
    )


class _Drive:
    """One worker's work on one run. The database is touched from two threads of its own."""

    def __init__(self, work: RunWork, should_end: Callable[[], bool]) -> None:
        self.work = work
        self.message = ""
        self.asked = 0
        self.holder = shards.this_holder()
        self.writer = TrialWriter(work, self.holder)
        self._should_end = should_end
        self._order = shuffled_order(
            work.run.evaluation.version.sample_count, seed=work.spec.plan.seed
        )
        self._pending: dict[tuple[int, int], Pending] = {}
        self._reading, self._writing = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def close(self) -> None:
        """Let the two threads and their connections go."""
        for thread in (self._reading, self._writing):
            thread.submit(_close_connection).result()
            thread.shutdown()

    async def carry_out(self) -> None:
        candidate = self.work.candidate
        endpoint = open_endpoint(
            candidate,
            api_key=await self._in(self._reading, api_key, self.work),
            answers=self._recorded,
            allow=policy(self.work.run.evaluation),
        )
        limit = candidate.endpoint.requests_per_minute
        try:
            async with Pump(endpoint, self._questions(), requests_per_minute=limit) as pump:
                watch = asyncio.create_task(self._watch(pump))
                try:
                    async for batch in pump.batches(gather_seconds=GATHER_SECONDS):
                        await self._store(batch)
                    await self._store([])
                finally:
                    watch.cancel()
                if pump.fatal is not None:
                    self.message = pump.fatal.reply.error
        finally:
            await endpoint.close()

    async def _questions(self) -> AsyncIterator[Question]:
        while shard := await self._in(self._reading, self._claim):
            for pending in await self._in(self._reading, self._open, shard):
                question = self._question(pending)
                if question is not None:
                    self.asked += 1
                    yield question

    def _claim(self) -> Shard | None:
        return shards.claim_shard(
            run_id=self.work.run.pk, holder=self.holder, now=timezone.now()
        )

    def _open(self, shard: Shard) -> list[Pending]:
        """Return what the shard still lacks, in order, and put it on the writer's books."""
        done = stored_trials(shard)
        places = range(shard.start, shard.stop)
        version_id = self.work.run.evaluation.version_id
        samples = samples_at(version_id=version_id, positions=[self._order[p] for p in places])
        pending = [
            Pending(shard_id=shard.pk, place=place, epoch=epoch, sample=samples[self._order[place]])
            for place in places
            for epoch in range(self.work.run.evaluation.epochs)
            if (place, epoch) not in done
        ]
        self.writer.expect(shard.pk, len(pending))
        self._pending.update({(p.sample.pk, p.epoch): p for p in pending})
        return pending

    def _question(self, pending: Pending) -> Question | None:
        """Return what to ask; a prompt that cannot be rendered is stored as a failed trial."""
        sample, harness = pending.sample, self.work.candidate.harness
        try:
            prompt = render(harness.prompt, sample.input, target=self.work.spec.eval_set.target)
        except PromptError as error:
            reply = Reply(state=TrialState.INFRA_ERROR, error=str(error), attempts=0)
            self.writer.keep(pending, reply)
            return None
        return Question(
            sample=sample.pk,
            epoch=pending.epoch,
            prompt=prompt,
            system=harness.system,
            key=recorded_key(
                sample,
                key_column=self.work.candidate.endpoint.key,
                input_column=self.work.spec.eval_set.input,
            ),
            target=sample.target,
        )

    def _recorded(self, keys: Sequence[str]) -> Any:
        return self._reading.submit(self._look_up, keys).result()

    def _look_up(self, keys: Sequence[str]) -> dict[str, RecordedAnswer]:
        hashes = {key_hash(key): key for key in keys}
        return dict(recorded_answers(self.work.run.candidate.endpoint_id, hashes))

    async def _store(self, batch: Sequence[Answered]) -> None:
        pairs = [
            (self._pending.pop((question.sample, question.epoch)), reply)
            for question, reply in batch
        ]
        await self._in(self._writing, self.writer.store, pairs)

    async def _watch(self, pump: Pump) -> None:
        """Hold on to the leases, show what is going on, and stop when told to."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._should_end():
                pump.stop(grace_seconds=LAST_CALL_SECONDS)
            elif not await self._in(self._writing, self._look, pump):
                pump.stop()

    def _look(self, pump: Pump) -> bool:
        """Return whether to go on."""
        run_id, stats = self.work.run.pk, pump.stats
        shards.renew_leases(run_id=run_id, holder=self.holder, now=timezone.now())
        Run.objects.filter(pk=run_id).update(
            in_flight=stats.in_flight, throttled=self.work.run.throttled + stats.throttled
        )
        budget = self.work.spec.plan.budget_usd
        if budget is not None and (spent := spent_usd(self.work)) >= budget:
            self.message = f"the budget of ${budget} is spent: ${spent:.4f}"
            return False
        return is_live(run_id)

    async def _in(self, thread: ThreadPoolExecutor, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(thread, call, *args)


def _close_connection() -> None:
    """Close the calling thread's own connection."""
    connection.close()
