"""Where tasks wait until a limit lets them through, the first to come first."""

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import NamedTuple

from evals.engine.limits import Outcome, SharedLimit

LOOK_SECONDS = 0.25  # a limit may be retuned, or given back to by somebody else, without a word


class _Waiter(NamedTuple):
    admitted: "asyncio.Future[bool]"
    cost: int
    is_new: bool


class Gate:
    """Lets calls through as the limit grants them; belongs to one event loop.

    Who has entered leaves exactly once. Who pauses comes back before new calls, after `close` too;
    `when_free` is called when that leaves a place to somebody else.
    """

    def __init__(self, limit: SharedLimit) -> None:
        self.limit = limit
        self.valid_until = inf  # a monotonic time, from which on nobody is let in
        self.when_free: Callable[[], None] | None = None
        self.is_closed = False
        self.inside = self.pausing = 0
        self._waiting: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Return how many calls wait to be let in."""
        return len(self._waiting)

    async def enter(self, cost: int, *, is_new: bool = True) -> bool:
        """Return True once a request of at most `cost` tokens may start, False if none ever may."""
        if self.is_closed and is_new:
            return False
        if not self._waiting and self._grant(cost) == 0:
            self.inside += 1
            return True
        waiter = _Waiter(asyncio.get_running_loop().create_future(), cost, is_new)
        (self._waiting.append if is_new else self._waiting.appendleft)(waiter)
        self._admit()
        try:
            return await waiter.admitted
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def leave(self, cost: int, *, used: int | None = None) -> None:
        """Note that a request that entered with `cost` is over and `used` so many tokens."""
        self.inside -= 1
        self.limit.give_back(cost, used=used)
        if self._waiting:
            self._admit()

    async def pause(self, cost: int, seconds: float) -> None:
        """Leave for so many seconds and enter again; when cancelled, the place counts as taken."""
        self.pausing += 1
        self.leave(cost)
        if self.when_free is not None:
            self.when_free()
        try:
            await asyncio.sleep(seconds)
            await self.enter(cost, is_new=False)
        except asyncio.CancelledError:
            self.inside += 1  # whatever the limit says: who entered leaves at once
            self.limit.in_flight += 1
            raise
        finally:
            self.pausing -= 1

    def report(self, outcome: Outcome) -> None:
        """Tell the limit how a request went."""
        self.limit.report(outcome, now=monotonic())

    def close(self) -> None:
        """Let no new call in any more; those that wait are told so."""
        self.is_closed = True
        for waiter in [waiter for waiter in self._waiting if waiter.is_new]:
            self._waiting.remove(waiter)
            if not waiter.admitted.done():
                waiter.admitted.set_result(False)

    def _admit(self) -> None:
        """Let in as many as the limit grants, and look again when it may grant the next."""
        while self._waiting:
            waiter = self._waiting[0]
            if waiter.admitted.done():  # cancelled, and about to withdraw
                self._waiting.popleft()
            elif wait := self._grant(waiter.cost):
                self._look_in(min(wait, LOOK_SECONDS))
                return
            else:
                self._waiting.popleft()
                self.inside += 1
                waiter.admitted.set_result(True)

    def _grant(self, cost: int) -> float:
        """Return 0 where a request may start now, else the seconds to wait."""
        now = monotonic()
        return inf if now >= self.valid_until else self.limit.take(cost, now=now)

    def _look_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._timer is not None and self._timer.when() <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        self._admit()

    def _withdraw(self, waiter: _Waiter) -> None:
        """Undo what a cancelled call left behind, a grant that came too late included."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif (
            waiter.admitted.done() and not waiter.admitted.cancelled() and waiter.admitted.result()
        ):
            self.leave(waiter.cost)
