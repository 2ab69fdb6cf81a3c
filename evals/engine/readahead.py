"""Questions that were read before there is a place for them."""

import asyncio

from evals.domain.trials import Question

LEAST = 32
CALLS_AHEAD = 2  # for each call at once; what one worker has read, no other can ask


class ReadAhead(asyncio.Queue[Question | None]):
    """A queue whose room follows how many calls there may be; None says that there are no more."""

    def __init__(self, *, calls: int, batch_size: int) -> None:
        super().__init__()
        self._batch_size = batch_size
        self.follow(calls)

    def follow(self, calls: int) -> None:
        """Have room for what so many calls take; what is in already stays."""
        self.room = max(LEAST, CALLS_AHEAD * calls * self._batch_size)

    def full(self) -> bool:
        """Return whether who puts something in has to wait."""
        return self.qsize() >= self.room
