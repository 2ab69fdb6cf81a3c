"""Replies that have arrived and wait to be scored and stored."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from evals.domain.trials import Question, Reply


class Answered(NamedTuple):
    """A question with its reply."""

    question: Question
    reply: Reply


class Arrivals:
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
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._full.wait()

    def take(self, most: int) -> list[Answered]:
        """Return up to `most` replies, oldest first."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        self._space.set()
        return taken

    def close(self) -> None:
        """Note that no more will come."""
        self._is_closed = True
        self._change.set()
        self._full.set()
