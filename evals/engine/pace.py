"""How fast calls may follow one another."""

import asyncio
from time import monotonic

_BURST_SECONDS = 0.25  # how much of a delay may be caught up without breaking the pace


class Pace:
    """Spaces the calls of one process evenly over a minute; None is no limit."""

    def __init__(self, requests_per_minute: int | None) -> None:
        self._interval = 60 / requests_per_minute if requests_per_minute else 0.0
        self._next: float | None = None

    async def wait(self, stopped: asyncio.Event) -> None:
        """Return when the next call may start, or the pump has stopped."""
        if not self._interval:
            return
        now = monotonic()
        start = now if self._next is None else max(self._next, now - _BURST_SECONDS)
        self._next = start + self._interval
        if start > now:
            try:
                await asyncio.wait_for(stopped.wait(), start - now)
            except TimeoutError:
                return
