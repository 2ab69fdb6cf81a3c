"""The loop that keeps an endpoint busy: questions in, replies out, memory flat.

async with Pump(endpoint, questions, limit=limit) as pump:
    async for batch in pump.batches():
        ...  # score and store; meanwhile the next replies come in
if pump.fatal is not None:
    ...  # pause the run and show pump.fatal.reply.error
if pump.is_spent:
    ...  # stop the run: the next request could pass the budget
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from evals.domain.trials import Question, Reply
from evals.engine.arrivals import Answered, Arrivals
from evals.engine.endpoints import Endpoint, Gated, Throttled
from evals.engine.gate import Gate
from evals.engine.limits import Limits, ProcessLimit, SharedLimit
from evals.engine.payments import Payments, Wallet
from evals.engine.readahead import ReadAhead

__all__ = ["Answered", "Pump", "PumpStats", "Wallet"]

_MOST_SPARE = 256
_MUCH = 1_000_000  # calls, more than any endpoint takes


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpStats:
    """What the pump is doing: the first three now, the others since it started.

    `in_flight` counts requests, `pausing` questions between two attempts or before the limit,
    `waiting` those read ahead. `answered` counts replies, `fatal` ones among them; `throttled`
    counts HTTP 429s. What was asked and never answered had its call abandoned.
    """

    in_flight: int
    pausing: int
    waiting: int
    asked: int
    answered: int
    fatal: int
    throttled: int


class Pump:
    """Asks an endpoint everything that `questions` yields, as fast as its limits allow.

    As many requests are under way as `limit` grants; questions are read ahead, so that leasing
    more of them leaves no gap; replies wait in a bounded place, so that a slow consumer slows the
    asking instead of filling the memory. A question that pauses before another attempt leaves its
    place to a spare worker.

    A reply that `is_fatal` stops the pump and is kept in `fatal`, out of the batches: its question
    counts as never answered. `is_spent` says that the wallet stopped it. Use as an async context
    manager; leaving it ends everything.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and what limits it
        self,
        endpoint: Endpoint,
        questions: AsyncIterator[Question],
        *,
        limit: SharedLimit | None = None,
        requests_per_minute: int | None = None,
        wallet: Wallet | None = None,
        grace_seconds: float | None = None,
        calls: int | None = None,
    ) -> None:
        """Prepare; nothing is asked before the pump is entered.

        Args:
            endpoint: What is asked. The pump does not close it.
            questions: Read in order, ahead of need; closed when the pump stops.
            limit: What grants requests; by default the endpoint's own concurrency.
            requests_per_minute: The pace of that default; None is no limit.
            wallet: Pays for the questions; None is no budget.
            grace_seconds: How long calls in flight may go on after a fatal reply; None is until
                they are done.
            calls: For how many at once there are workers at first; by default for as many as the
                endpoint takes.
        """
        own = Limits(concurrency=endpoint.concurrency, requests_per_minute=requests_per_minute)
        self.fatal: Answered | None = None
        self.is_spent = False
        self._endpoint = endpoint
        self._gated = endpoint if isinstance(endpoint, Gated) else None
        self._questions = questions
        self._gate = Gate(limit or ProcessLimit(own))
        self._payments = Payments(wallet)
        self._grace_seconds = grace_seconds
        self._places = endpoint.concurrency if calls is None else calls
        self._ahead = ReadAhead(calls=self._places, batch_size=endpoint.batch_size)
        self._arrived = Arrivals(room=max(1000, 2 * self._ahead.room))
        self._reader: asyncio.Task[None]
        self._end: asyncio.Task[None]
        self._workers: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._killer: asyncio.TimerHandle | None = None
        self._is_read = self._is_stopped = False
        self._calls = self._asked = self._answered = self._fatal = 0

    async def __aenter__(self) -> Self:
        if self._gated is not None:
            self._gated.gate = self._gate
            self._gate.when_free = self._add_worker
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(self._ended)
        self.make_room(self._places)
        self._end = asyncio.create_task(self._finish())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop(grace_seconds=0)
        await asyncio.gather(self._reader, self._end, return_exceptions=True)
        if self._killer is not None:
            self._killer.cancel()

    @property
    def stats(self) -> PumpStats:
        """Return what the pump is doing at this moment."""
        endpoint = self._endpoint
        in_flight = self._calls if self._gated is None else self._gated.in_flight
        return PumpStats(
            in_flight=in_flight,
            pausing=self._calls - in_flight,
            waiting=self._ahead.qsize() - self._is_read,
            asked=self._asked,
            answered=self._answered,
            fatal=self._fatal,
            throttled=endpoint.throttled if isinstance(endpoint, Throttled) else 0,
        )

    @property
    def wanted(self) -> int:
        """Return how many calls could be under way now: any number until the questions run dry."""
        if not self._is_read:
            return _MUCH
        calls = -(-(self._ahead.qsize() - 1) // self._endpoint.batch_size)
        at_hand = self._gate.inside + self._gate.pausing + self._gate.waiting
        return at_hand + self._payments.waiting + calls

    def make_room(self, calls: int) -> None:
        """Have workers, and questions at hand, for so many calls at once from now on.

        Who is one too many ends with the question at hand.
        """
        self._places = max(1, calls)
        self._ahead.follow(self._places)
        for _ in range(self._places + self._gate.pausing - len(self._workers)):
            self._add_worker()

    def ask_until(self, moment: float) -> None:
        """Start no request from a monotonic time on, unless told of a later one by then."""
        self._gate.valid_until = moment

    def stop(self, *, grace_seconds: float | None = None) -> None:
        """Start nothing new; calls in flight have `grace_seconds` to end, or all the time if None.

        Replies that come within it are still in the batches. Calling again can shorten the grace.
        """
        self._is_stopped = True
        self._gate.close()
        self._payments.wake()
        self._reader.cancel()
        while not self._ahead.empty():
            self._ahead.get_nowait()
        self._ahead.put_nowait(None)
        self._is_read = True
        if grace_seconds is not None:
            loop = asyncio.get_running_loop()
            self._killer = loop.call_later(grace_seconds, self._abandon)

    def refill(self) -> None:
        """Let questions that wait for money look into the wallet again."""
        self._payments.wake()

    async def batches(
        self, *, gather_seconds: float = 0.05, most: int = 1000
    ) -> AsyncGenerator[list[Answered], None]:
        """Yield replies as they come, those of about `gather_seconds` together.

        Raises:
            Exception: What `questions` or the endpoint raised, after every reply was yielded.
        """
        while await self._arrived.any():
            await self._arrived.gather(gather_seconds, most)
            yield self._arrived.take(most)
        await self._end

    async def _read(self) -> None:
        """Read questions ahead, then say that there are no more."""
        try:
            async for question in self._questions:
                await self._ahead.put(question)
            await self._ahead.put(None)
            self._is_read = True
        finally:
            if isinstance(self._questions, AsyncGenerator):
                await self._questions.aclose()

    def _add_worker(self) -> None:
        """Start one more worker: at first, and for each that pauses, up to as many spare ones."""
        most = self._places + min(self._places, _MOST_SPARE)
        if not self._is_stopped and len(self._workers) < most:
            task = asyncio.create_task(self._work())
            self._workers.add(task)
            task.add_done_callback(self._ended)

    async def _work(self) -> None:
        """Ask call after call; money is set aside before a place is taken.

        Else those that wait for the money of a question that pauses would hold all the places,
        and it could never come back.
        """
        while self._stays() and (questions := await self._next()):
            if not await self._afford(questions):
                return
            replies = await self._ask_in_turn(questions)
            for question, reply in zip(questions, replies, strict=bool(replies)):
                await self._take(Answered(question, reply))

    def _stays(self) -> bool:
        """Return whether the worker at hand is not one too many, and count it out if it is.

        Those that pause leave their places to others.
        """
        is_wanted = len(self._workers) - self._gate.pausing <= self._places
        task = asyncio.current_task()
        if not is_wanted and task is not None:
            self._workers.discard(task)  # before the next one counts
        return is_wanted

    async def _next(self) -> list[Question]:
        """Return the next call's questions: the first is waited for, more are taken if there."""
        questions: list[Question] = []
        while len(questions) < self._endpoint.batch_size:
            if questions and self._ahead.empty():
                break
            question = await self._ahead.get()
            if question is None:
                self._ahead.put_nowait(None)  # the other workers want to know too
                break
            questions.append(question)
        return questions

    async def _afford(self, questions: list[Question]) -> bool:
        """Return whether the questions are paid for, stopping the pump where they cannot be."""
        is_paid = await self._payments.reserve(questions, may_wait=lambda: not self._is_stopped)
        if not is_paid and not self._is_stopped:
            self.is_spent = True
            self.stop()
        return is_paid

    async def _ask_in_turn(self, questions: list[Question]) -> list[Reply]:
        """Return the replies to one call once there is a place, none where there never will be."""
        cost = 0 if self._gated is None else sum(map(self._gated.most_tokens, questions))
        is_in, used = False, None
        try:
            if is_in := await self._gate.enter(cost):
                replies = await self._ask(questions)
                used = _tokens(replies)
                self._heed_fatal(questions, replies)  # before the place goes to somebody else
                return replies
            return []
        finally:
            if is_in:
                self._gate.leave(cost, used=used)
            else:
                self._payments.release(questions)

    async def _ask(self, questions: list[Question]) -> list[Reply]:
        self._calls += 1
        self._asked += len(questions)
        replies: list[Reply] = []
        try:
            replies = list(await self._endpoint.answer(questions))
        finally:
            self._calls -= 1
            self._payments.settle(questions, replies)
        return replies

    def _heed_fatal(self, questions: list[Question], replies: list[Reply]) -> None:
        for question, reply in zip(questions, replies, strict=bool(replies)):
            if reply.is_fatal and self.fatal is None:
                self.fatal = Answered(question, reply)
                self.stop(grace_seconds=self._grace_seconds)

    async def _take(self, answered: Answered) -> None:
        self._answered += 1
        if answered.reply.is_fatal:
            self._fatal += 1
        else:
            await self._arrived.put(answered)

    async def _finish(self) -> None:
        """Wait for everybody, then close the batches; the first error is raised at the end."""
        try:
            await asyncio.wait([self._reader])
            while self._workers:
                await asyncio.wait(self._workers)
        finally:
            self._arrived.close()
        if self._error is not None:
            raise self._error

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
            self.stop()

    def _abandon(self) -> None:
        for task in self._workers:
            task.cancel()


def _tokens(replies: list[Reply]) -> int | None:
    """Return what the replies used in tokens, None where one does not say."""
    total = 0
    for reply in replies:
        asked, made = reply.usage.input_tokens, reply.usage.output_tokens
        if asked is None or made is None:
            return None
        total += asked + made
    return total if replies else None
