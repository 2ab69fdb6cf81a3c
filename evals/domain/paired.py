"""Two candidates on the same samples: what one gets right and the other does not."""

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, hypot, inf, sqrt
from statistics import NormalDist

from evals.domain.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTable:
    """How many samples both, one alone or neither got right, of those judged for both."""

    both: int
    only_candidate: int
    only_incumbent: int
    neither: int

    @property
    def n(self) -> int:
        """Samples judged for both candidates."""
        return self.both + self.only_candidate + self.only_incumbent + self.neither

    @property
    def difference(self) -> float | None:
        """The candidate's rate minus the incumbent's, None where no sample is shared."""
        return (self.only_candidate - self.only_incumbent) / self.n if self.n else None

    def mirrored(self) -> "PairedTable":
        """Return the same samples with the two candidates exchanged."""
        return PairedTable(
            both=self.both,
            only_candidate=self.only_incumbent,
            only_incumbent=self.only_candidate,
            neither=self.neither,
        )

    def score(self, difference: float) -> float:
        """Return Tango's z for the hypothesis that the true difference is `difference`.

        It is large where the candidate does better than that. Where the hypothesis leaves no
        room for chance, z is infinite, or 0 if the counts agree with it.

        Args:
            difference: Between -1 and 1.

        Raises:
            ValueError: If no sample is shared, or the difference is outside -1..1.

        Source: Tango (1998), Statistics in Medicine 17, 891-908.
        """
        if not self.n or not -1 <= difference <= 1:
            raise ValueError(f"need shared samples and a difference in -1..1, got {difference}")
        excess = self.only_candidate - self.only_incumbent - self.n * difference
        variance = self.n * (2 * self._loss_rate(difference) + difference * (1 - difference))
        if variance <= 0:
            return copysign(inf, excess) if excess else 0.0
        return excess / sqrt(variance)

    def noninferiority_p(self, margin: float) -> float:
        """Return Tango's p-value of "the candidate is worse by the margin or more".

        Approximate: `pairedexact` has the one that gates.

        Raises:
            ValueError: If no sample is shared, or the margin is outside 0..1.

        Source: Tango (1998), Statistics in Medicine 17, 891-908.
        """
        if not 0 <= margin <= 1:
            raise ValueError(f"need 0 <= margin <= 1, got {margin}")
        return NormalDist().cdf(-self.score(-margin))

    def bound_below(self, z: float) -> float:
        """Return the smallest difference that scores less than z > 0; see `interval`."""
        if self.difference is None:
            return -1.0
        return _crossing(lambda d: z - self.score(d), -1.0, self.difference)

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """Return the two-sided score interval for the difference, None where n is 0.

        The differences that Tango's test does not reject; so it has a width at 0 of n and n of n.

        Raises:
            ValueError: If the confidence is not between 0 and 1.

        Source: Tango (1998), Statistics in Medicine 17, 891-908, inverted by bisection.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"need 0 < confidence < 1, got {confidence}")
        if self.difference is None:
            return None
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return Interval(self.bound_below(z), -self.mirrored().bound_below(z))

    def _loss_rate(self, difference: float) -> float:
        """Return the likeliest rate of losses to the incumbent given the true difference."""
        lost, won, n = self.only_incumbent, self.only_candidate, self.n
        linear = -won - lost + (2 * n - won + lost) * difference
        room = 8 * n * lost * difference * (1 - difference)
        # hypot, since the square of a tiny difference would vanish.
        root = hypot(linear, sqrt(room)) if room >= 0 else sqrt(max(0.0, linear**2 + room))
        return (root - linear) / (4 * n)


def _crossing(rise: Callable[[float], float], low: float, high: float) -> float:
    """Return where `rise`, below 0 at `low` and increasing, crosses 0; `high` if it never does.

    By bisection until neighbours meet: a score is infinite where chance has no room, which faster
    searches dislike.
    """
    while low < (middle := (low + high) / 2) < high:
        if rise(middle) < 0:
            low = middle
        else:
            high = middle
    return high
