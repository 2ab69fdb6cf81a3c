"""Claims about a candidate and the incumbent on the same samples, scored 0 or 1; see `claims`."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from evals.domain.claims import Bounds, Levels
from evals.domain.paired import PairedTable
from evals.domain.pairedexact import exact_lower, exact_p_above, exact_p_below, exact_upper


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedClaim:
    """The difference of two rates on shared samples, for a fixed n and scores of 0 and 1.

    In `least` each unscored trial is wrong for the candidate and right for the incumbent, in
    `most` the reverse.
    """

    least: PairedTable
    most: PairedTable
    levels: Levels

    def bounds(self) -> Bounds:
        """Return exact bounds."""
        return Bounds(
            exact_lower(self.least, self.levels.low), exact_upper(self.most, self.levels.high)
        )

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the exact p-value of "the true difference is at most this"."""
        return _after(exact_p_above(self.least, bar), self.least.n, extra)

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the exact p-value of "the true difference is at least this"."""
        return _after(exact_p_below(self.most, bar), self.most.n, extra)


def _after(p: float, n: int, extra: int) -> float:
    """Return the p-value with more samples of the same kind: scores grow as their root."""
    if not extra or not 0 < p < 1 / 2:
        return p
    return NormalDist().cdf(NormalDist().inv_cdf(p) * sqrt(1 + extra / n))
