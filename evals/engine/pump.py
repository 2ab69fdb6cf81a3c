"""The loop that keeps an endpoint busy: questions in, replies out, memory flat.

async with Pump(endpoint, questions) as pump:
    async for batch in pump.batches():
        ...  # score and store; meanwhile the next replies come in
if pump.fatal is not None:
    ...  # pause the run and show pump.fatal.reply.error
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from evals.domain.trials import Question, Reply
from evals.engine.endpoints import Endpoint, Throttled
from evals.engine.pace import Pace


class Answered(NamedTuple):
    """A question with its reply."""

    question: Question
    reply: Reply


@dataclass(frozen=True, slots=True)
class PumpStats:
    """What the pump is doing: `in_flight` and `waiting` now, the others since it started.

    `answered` counts replies, `fatal` ones among them; `throttled` counts HTTP 429s.
    """

    in_flight: int
    waiting: int
    asked: int
    answered: int
    throttled: int


class Pump:
    """Asks an endpoint everything that `questions` yields, as fast as its limits allow.

    Exactly `endpoint.concurrency` workers ask; questions are read ahead, so that leasing more of
    them leaves no gap; replies wait in a bounded place, so that a slow consumer slows the asking
    instead of filling the memory.

    A reply that `is_fatal` stops the pump and is kept in `fatal`, out of the batches: its question
    counts as never answered. Use as an async context manager; leaving it ends everything.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        questions: AsyncIterator[Question],
        *,
        requests_per_minute: int | None = None,
        grace_seconds: float | None = None,
    ) -> None:
        """Prepare; nothing is asked before the pump is entered.

        Args:
            endpoint: What is asked. The pump does not close it.
            questions: Read in order, ahead of need; closed when the pump stops.
            requests_per_minute: The pace of calls from this pump; None is no limit.
            grace_seconds: How long calls in flight may go on after a fatal reply; None is until
                they are done.
        """
        room = 4 * endpoint.concurrency * endpoint.batch_size
        self.fatal: Answered | None = None
        self._endpoint = endpoint
        self._questions = questions
        self._pace = Pace(requests_per_minute)
        self._grace_seconds = grace_seconds
        self._ahead: asyncio.Queue[Question | None] = asyncio.Queue(max(32, room))
        self._arrived = _Arrivals(room=max(1000, room))
        self._stopped = asyncio.Event()
        self._reader: asyncio.Task[None]
        self._end: asyncio.Task[None]
        self._tasks: list[asyncio.Task[None]] = []
        self._killer: asyncio.TimerHandle | None = None
        self._is_read = False
        self._in_flight = self._asked = self._answered = 0

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._endpoint.concurrency)]
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
        return PumpStats(
            in_flight=self._in_flight,
            waiting=self._ahead.qsize() - self._is_read,
            asked=self._asked,
            answered=self._answered,
            throttled=endpoint.throttled if isinstance(endpoint, Throttled) else 0,
        )

    def stop(self, *, grace_seconds: float | None = None) -> None:
        """Start nothing new; calls in flight have `grace_seconds` to end, or all the time if None.

        Replies that come within it are still in the batches. Calling again can shorten the grace.
        """
        self._stopped.set()
        self._reader.cancel()
        while not self._ahead.empty():
            self._ahead.get_nowait()
        self._ahead.put_nowait(None)
        self._is_read = True
        if grace_seconds is not None:
            loop = asyncio.get_running_loop()
            self._killer = loop.call_later(grace_seconds, self._abandon)

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

    async def _work(self) -> None:
        while questions := await self._next():
            await self._pace.wait(self._stopped)
            if self._stopped.is_set():
                return
            replies = await self._ask(questions)
            for question, reply in zip(questions, replies, strict=True):
                await self._take(Answered(question, reply))

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

    async def _ask(self, questions: list[Question]) -> list[Reply]:
        self._in_flight += 1
        self._asked += len(questions)
        try:
            return list(await self._endpoint.answer(questions))
        finally:
            self._in_flight -= 1

    async def _take(self, answered: Answered) -> None:
        self._answered += 1
        if not answered.reply.is_fatal:
            await self._arrived.put(answered)
        elif self.fatal is None:
            self.fatal = answered
            self.stop(grace_seconds=self._grace_seconds)

    async def _finish(self) -> None:
        """Wait for everybody, then close the batches; an error of one is raised at the end."""
        try:
            workers = asyncio.gather(*map(self._until_error, self._tasks))
            await asyncio.gather(self._until_error(self._reader), workers)
        finally:
            self._arrived.close()
        for task in (self._reader, *self._tasks):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _until_error(self, task: asyncio.Task[None]) -> None:
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is not None:
            self.stop()

    def _abandon(self) -> None:
        for task in self._tasks:
            task.cancel()


class _Arrivals:
    """Replies that wait for the consumer, `room` of them at most."""

    def __init__(self, *, room: int) -> None:
        self._waiting: list[Answered] = []
        self._room = room
        self._change = asyncio.Event()
        self._space = asyncio.Event()
        self._full = asyncio.Event()
        self._is_closed = False

    async def put(self, answered: Answered) -> None:
        """Take a reply in at once, since it may be paid for; return when there is room for more."""
        self._waiting.append(answered)
        self._change.set()
        while len(self._waiting) >= self._room:
            self._space.clear()
            self._full.set()
            await self._space.wait()

    async def any(self) -> bool:
        """Return True once a reply waits, False once none will come."""
        while not self._waiting and not self._is_closed:
            self._change.clear()
            await self._change.wait()
        return bool(self._waiting)

    async def gather(self, seconds: float, most: int) -> None:
        """Return after `seconds`, or sooner where more waiting would bring nothing."""
        if len(self._waiting) >= most or self._is_closed:
            return
        self._full.clear()
        try:
            await asyncio.wait_for(self._full.wait(), seconds)
        except TimeoutError:
            return

    def take(self, most: int) -> list[Answered]:
        """Return up to `most` replies, oldest first."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        self._space.set()
        return taken

    def close(self) -> None:
        self._is_closed = True
        self._change.set()
        self._full.set()
