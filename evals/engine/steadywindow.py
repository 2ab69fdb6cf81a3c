"""Which answers of a level are measured: those of steady asking, after a warm-up."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evals.domain.trials import Reply


@dataclass(slots=True, kw_only=True)
class Window:
    """The measured part of a level.

    It begins when `warm_up` answers have come and ends with an answer too, so that its time is that
    of the answers in it; those that come together are counted together. It is full with `most`
    answers, or after `seconds`: then with as many as are under way at once at the least, so that
    slow ones are not left out.
    """

    warm_up: int
    most: int
    seconds: float
    throttled: int = 0
    is_full: bool = False
    replies: list[Reply] = field(default_factory=list)
    _warm: int = 0
    _started: float | None = None
    _last: float = 0.0

    @property
    def measured_seconds(self) -> float:
        """The time from the end of the warm-up to the last answer that was measured."""
        return 0.0 if self._started is None else self._last - self._started

    def take(self, replies: Sequence[Reply], *, now: float) -> None:
        """Count replies that came together at a monotonic time."""
        if self.is_full:
            return
        if self._started is None:
            replies = self._warmed(replies, now=now)
        if self._started is None or not replies:
            return
        self.replies += replies
        self._last = now
        is_late = now - self._started >= self.seconds
        fewest = min(self.warm_up, self.most) if is_late else self.most
        self.is_full = len(self.replies) >= fewest

    def end(self) -> None:
        """Take what came for all there is, since nothing more will: enough, or not."""
        self.is_full = self.is_full or len(self.replies) >= min(self.warm_up, self.most)

    def _warmed(self, replies: Sequence[Reply], *, now: float) -> Sequence[Reply]:
        """Return what comes after the warm-up; a wave of answers belongs to it as a whole."""
        needed = self.warm_up - self._warm
        self._warm += len(replies)
        if self._warm < self.warm_up:
            return ()
        self._started = now
        return () if len(replies) <= self.warm_up else replies[needed:]
