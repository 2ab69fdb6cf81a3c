"""One worker's visit to a run: what it leases it asks, scores and stores."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any

from evals.domain.trials import Question, RecordedAnswer, Reply
from evals.engine.endpoints import Distrustful, Endpoint, open_endpoint
from evals.engine.pump import Answered, Pump, PumpStats
from evals.models.evaluations import RunState
from evals.queries.work import RunWork, has_answers, run_state
from evals.services import evaluations
from evals.services.connections import api_key, policy
from evals.services.endpointshares import EndpointShare, roomy
from evals.services.questions import LeasedQuestions, OpenQuestions
from evals.services.smoke import SmokeTest
from evals.services.spending import spending_for
from evals.services.threads import Threads
from evals.services.trials import Pending, TrialWriter
from evals.services.unconfirmed import note_unconfirmed
from evals.services.watching import Watch, lease_end

GATHER_SECONDS = 0.05  # replies of so long are stored together


class Visit:
    """One worker's work on one run, from the first lease to the last answer stored."""

    def __init__(self, work: RunWork, *, holder: str, should_end: Callable[[], bool]) -> None:
        """Prepare; `should_end` is asked every second whether the worker has to go."""
        self.asked = self._handed_in = self._dropped = 0
        self.writer = TrialWriter(work, holder)
        self._work = work
        self._holder = holder
        self._threads = Threads()
        self._watch = Watch(
            work, writer=self.writer, holder=holder, should_end=should_end, threads=self._threads
        )
        self._spending = spending_for(work, holder=holder)
        self._smoke = SmokeTest(work)
        self._open = OpenQuestions(work, holder=holder, writer=self.writer)
        self._pending: dict[tuple[int, int], Pending] = {}
        self._can_store = self._threads.writing.submit(lambda: self.writer.scorer)

    def close(self) -> None:
        """Settle up, and let the threads and their connections go."""
        try:
            if self._spending is not None:  # in the thread that swaps, so after its last swap
                self._threads.reading.submit(self._spending.leave).result()
        finally:
            self._threads.close()

    async def carry_out(self) -> None:
        """Ask what is left until it is done, nothing can be had, or somebody says stop."""
        endpoint = open_endpoint(
            roomy(self._work.candidate),
            api_key=api_key(self._work),
            answers=self._recorded,
            allow=policy(self._work.run.evaluation),
        )
        if isinstance(endpoint, Distrustful):
            endpoint.has_responded = await self._threads.reading.run(has_answers, self._work.run.pk)
        share = EndpointShare(self._work, endpoint, holder=self._holder)
        try:
            # Who finds nothing to do takes no share from those who do.
            if (first := await self._threads.reading.run(self._open.lease)) is not None:
                await self._threads.reading.run(share.begin)
                await self._ask(endpoint, self._questions(first, share), share)
        finally:
            await self._threads.reading.run(share.end)
            await endpoint.close()

    async def _ask(
        self, endpoint: Endpoint, questions: AsyncIterator[Question], share: EndpointShare
    ) -> None:
        pump = Pump(
            endpoint, questions, limit=share.limit, calls=share.calls, wallet=self._spending
        )
        try:
            await self._pump_dry(pump, share)
        finally:
            self.asked = pump.stats.asked
            await self._threads.writing.run(self._note_unconfirmed, pump.stats)
        await self._threads.reading.run(self._watch.show, pump.stats)
        if pump.fatal is not None:
            await self._threads.writing.run(_heed_fatal, self._work.run.pk, pump.fatal.reply)
        elif pump.is_spent and self._spending is not None:
            await self._threads.writing.run(self._spending.stop)

    async def _pump_dry(self, pump: Pump, share: EndpointShare) -> None:
        async with pump:
            pump.ask_until(lease_end())
            beside = [asyncio.create_task(watch) for watch in self._watches(pump, share)]
            try:
                async for batch in pump.batches(gather_seconds=GATHER_SECONDS):
                    await self._store(batch)
                    if self._smoke.is_due and await self._threads.writing.run(
                        self._smoke.has_paused
                    ):
                        pump.stop(grace_seconds=self._work.candidate.endpoint.timeout_seconds)
            finally:
                await _end(beside)

    def _watches(self, pump: Pump, share: EndpointShare) -> list[Coroutine[Any, Any, None]]:
        watches = [
            self._watch.hold_on(pump),
            self._watch.stop_when_settled(pump),
            share.keep(pump, self._threads.swapping),
        ]
        if (spending := self._spending) is not None:
            watches.append(spending.keep_filled(pump, self._threads.reading))
        return watches

    def _note_unconfirmed(self, stats: PumpStats) -> None:
        """Count what was asked in vain; what came for a lost shard its next holder counts.

        Those of a run that was cancelled have no next holder.
        """
        run = self._work.run
        in_vain = stats.asked - stats.fatal - self._handed_in
        if run_state(run.pk) == RunState.CANCELLED:
            in_vain += self._dropped
        note_unconfirmed(run=run, requests=in_vain)

    async def _questions(
        self, first: LeasedQuestions, share: EndpointShare
    ) -> AsyncIterator[Question]:
        leased: LeasedQuestions | None = first
        while leased is not None:
            if leased.answered:
                await self._threads.writing.run(self.writer.store, leased.answered)
            self._pending.update({(p.sample.pk, p.epoch): p for p, _ in leased.asked})
            for _, question in leased.asked:
                yield question
            # A killed process loses what it could not store yet, so that is the first shard alone.
            await asyncio.wrap_future(self._can_store)
            ahead = share.limit.window // 2  # what one worker has read, no other can ask
            leased = await self._threads.reading.run(self._open.lease, ahead)

    async def _store(self, batch: Sequence[Answered]) -> None:
        pairs = [
            (self._pending.pop((question.sample, question.epoch)), reply)
            for question, reply in batch
        ]
        kept = await self._threads.writing.run(self.writer.store, pairs)
        self._handed_in += len(pairs)
        self._dropped += len(pairs) - kept

    def _recorded(self, keys: Sequence[str]) -> Mapping[str, RecordedAnswer]:
        return self._threads.reading.submit(self._open.recorded, keys).result()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks; what one of them died of before is raised, or it would be lost."""
    for task in tasks:
        task.cancel()
    for end in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(end, Exception):
            raise end


def _heed_fatal(run_id: int, reply: Reply) -> None:
    """Pause the run; an endpoint that others have had answers from is only down for now."""
    if not (reply.is_unreached and has_answers(run_id)):
        evaluations.pause_run(run_id=run_id, message=reply.error)
