"""How fast an endpoint may be asked: calls at once, requests and tokens a minute, storms.

Plain arithmetic over times that the caller gives; `gate.py` makes tasks wait by it and
`sharing.py` divides one endpoint's limits between workers.
"""

from dataclasses import dataclass
from math import inf
from typing import Protocol

BURST_SECONDS = 0.25  # how much of a delay may be caught up without breaking the pace
NARROWING = 0.7  # of the window, for each round trip that met a refusal
WIDENING = 1 / 16  # of the window, at least one call, for each round trip without one
STORM_AFTER_SECONDS = 1.0  # of refusals and nothing else
FIRST_STORM_SECONDS, LONGEST_STORM_SECONDS = 1.0, 30.0
LONGEST_HINT_SECONDS = 60.0  # a vendor's longest usual window; headers can be nonsense


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an endpoint allows; None is no limit."""

    concurrency: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHint:
    """What a vendor's headers say is left, and for how many seconds that has to last."""

    requests_left: int | None = None
    requests_reset_seconds: float | None = None
    tokens_left: int | None = None
    tokens_reset_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one request went, as far as limits care.

    `wait_seconds` is what the server asked for in Retry-After.
    """

    sent_at: float
    is_throttled: bool = False
    wait_seconds: float | None = None
    hint: RateHint | None = None


class SharedLimit(Protocol):
    """What stands between a pump and an endpoint; all times are of one monotonic clock.

    `in_flight` is the number of grants that were not given back.
    """

    in_flight: int

    def take(self, cost: int, *, now: float) -> float:
        """Grant a request of at most `cost` tokens and return 0, or return the seconds to wait.

        Infinity means: until something is given back.
        """

    def give_back(self, cost: int, *, used: int | None = None) -> None:
        """End a grant; what it `used` of its `cost` in tokens corrects the pace."""

    def report(self, outcome: Outcome, *, now: float) -> None:
        """Learn from how a request went."""

    def retune(self, limits: Limits) -> None:
        """Follow other limits from now on."""


class Bucket:
    """Spaces an amount evenly over a minute; what was missed a moment ago may be caught up."""

    def __init__(self, per_minute: float | None) -> None:
        self._interval = 60 / per_minute if per_minute else 0.0
        self._next: float | None = None
        self._spent_at = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until something may be spent."""
        return 0.0 if self._next is None else max(0.0, self._next - now)

    def spend(self, amount: float, *, now: float) -> None:
        """Note that `amount` is spent now."""
        if self._interval:
            start = now if self._next is None else max(self._next, now - BURST_SECONDS)
            self._next = start + amount * self._interval
            self._spent_at = now

    def refund(self, amount: float) -> None:
        """Note that `amount` less was spent than was said; a negative one means more."""
        if self._next is not None:
            self._next -= amount * self._interval

    def retune(self, per_minute: float | None) -> None:
        """Change the pace; what was spent before counts at the new one."""
        interval = 60 / per_minute if per_minute else 0.0
        if self._next is not None:
            owed = (self._next - self._spent_at) / self._interval
            self._next = self._spent_at + owed * interval if interval else None
        self._interval = interval


class Window:
    """How many calls may be under way: a little more each round trip, much less after a refusal."""

    def __init__(self, most: int) -> None:
        self.size = float(most)
        self._most = most
        self._narrowed_at = -inf

    def widen(self) -> None:
        """Note a request that was not refused."""
        if self.size < self._most:
            self.size = min(
                float(self._most), self.size + max(1.0, WIDENING * self.size) / self.size
            )

    def narrow(self, *, in_flight: int, sent_at: float, now: float) -> None:
        """Note a refusal; those of requests from before the last one change nothing more."""
        if sent_at >= self._narrowed_at:
            self._narrowed_at = now
            fewer = max(1.0, NARROWING * min(self.size, in_flight))
            self.size = min(fewer, float(self._most))

    def retune(self, most: int) -> None:
        """Change the most; a window that was full stays full."""
        is_full = self.size >= self._most
        self._most = most
        self.size = float(most) if is_full else min(self.size, float(most))


class ProcessLimit:
    """The limit of one process: what it grants itself of the limits it was given.

    Nothing is granted from `valid_until` on; whoever divides limits between processes moves it.
    """

    def __init__(self, limits: Limits) -> None:
        self.in_flight = 0
        self.throttled = 0
        self.valid_until = inf
        self._window = Window(limits.concurrency)
        self._requests = Bucket(limits.requests_per_minute)
        self._tokens = Bucket(limits.tokens_per_minute)
        self._last_cost = 0
        self._blocked_at = self.blocked_until = -inf
        self._refused_since: float | None = None
        self._storms = 0

    @property
    def window(self) -> int:
        """Return how many calls may be under way at this moment."""
        return int(self._window.size)

    def take(self, cost: int, *, now: float) -> float:
        """Grant a request of at most `cost` tokens and return 0, or return the seconds to wait."""
        if self.in_flight >= int(self._window.size) or now >= self.valid_until:
            return inf
        blocked = self.blocked_until - now
        wait = max(blocked, self._requests.wait(now), self._tokens.wait(now))
        if wait > 0:
            return wait
        self._requests.spend(1, now=now)
        self._tokens.spend(cost, now=now)
        self._last_cost = cost
        self.in_flight += 1
        return 0.0

    def give_back(self, cost: int, *, used: int | None = None) -> None:
        """End a grant; what it `used` of its `cost` in tokens corrects the pace."""
        self.in_flight -= 1
        if used is not None:
            self._tokens.refund(cost - used)

    def report(self, outcome: Outcome, *, now: float) -> None:
        """Learn from how a request went."""
        if outcome.hint is not None:
            self._heed(outcome.hint, now=now)
        if outcome.is_throttled:
            self._refused(outcome, now=now)
            return
        self._window.widen()
        self._refused_since, self._storms = None, 0

    def block(self, *, until: float) -> None:
        """Grant nothing before `until`."""
        self.blocked_until = max(self.blocked_until, until)

    def retune(self, limits: Limits) -> None:
        """Follow other limits from now on; grants that are out stay granted."""
        self._window.retune(limits.concurrency)
        self._requests.retune(limits.requests_per_minute)
        self._tokens.retune(limits.tokens_per_minute)

    def _refused(self, outcome: Outcome, *, now: float) -> None:
        """Ask less at once; stop asking for a while where everything is refused.

        A single refusal among answers only means one call too many: its own question waits as
        long as the server says, the others need not.
        """
        self.throttled += 1
        self._window.narrow(in_flight=self.in_flight, sent_at=outcome.sent_at, now=now)
        if self._refused_since is None:
            self._refused_since = now
        is_stale = outcome.sent_at <= self._blocked_at
        if is_stale or now - self._refused_since < STORM_AFTER_SECONDS:
            return
        doubled = min(LONGEST_STORM_SECONDS, FIRST_STORM_SECONDS * 2.0 ** min(self._storms, 10))
        self._blocked_at = now
        self._storms += 1
        self.block(until=now + (outcome.wait_seconds or doubled))

    def _heed(self, hint: RateHint, *, now: float) -> None:
        """Wait for the vendor's own window to turn where it says that nothing is left."""
        for left, enough, seconds in (
            (hint.requests_left, 1, hint.requests_reset_seconds),
            (hint.tokens_left, max(1, self._last_cost), hint.tokens_reset_seconds),
        ):
            if left is not None and left < enough and seconds is not None:
                self.block(until=now + min(seconds, LONGEST_HINT_SECONDS))
