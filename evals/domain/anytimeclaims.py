"""Claims whose bounds hold at any stopping time; see `claims`.

Each counts an unscored trial as 0 for its lower bound and as 1 for its upper one, and has two
levels: with several candidates GO needs more than NO-GO (see `multiplicity`). Under a stop rule
the figures are those of the prefix that was read; what lies beyond it says nothing either way.
"""

from dataclasses import dataclass
from math import exp

from evals.domain.betting import Scores, bet_lower, bet_upper, log_bet_above, log_bet_below
from evals.domain.claims import Bounds
from evals.domain.sequential import (
    anytime_rate_lower,
    anytime_rate_upper,
    log_evidence_above,
    log_evidence_below,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The one-sided levels of the two bounds: how often the truth may lie below, or above."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRateClaim:
    """The rate of 0/1 scores after `n` >= 1 samples were read.

    `least` of them passed, `most` if every unscored one had.
    """

    least: int
    most: int
    n: int
    levels: Levels

    def bounds(self, extra: int = 0) -> Bounds:
        """Return anytime-valid bounds if `extra` more samples came in at the scored ones' rate."""
        scored = self.n - (self.most - self.least)
        more = extra * self.least / scored if scored else 0.0
        total = self.n + extra
        low = anytime_rate_lower(min(self.least + more, total), total, alpha=self.levels.low)
        high = anytime_rate_upper(min(self.most + more, total), total, alpha=self.levels.high)
        return Bounds(low, high)

    def p_above(self, bar: float) -> float:
        """Return the p-value of "the rate is at most the bar"."""
        return _p(float(log_evidence_above(self.least, self.n, bar=bar)))

    def p_below(self, bar: float) -> float:
        """Return the p-value of "the rate is at least the bar"."""
        return _p(float(log_evidence_below(self.most, self.n, bar=bar)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BettingClaim:
    """The mean of graded scores, of the means of samples asked several times, or of clusters.

    The gate for these under a stop rule and for a fixed n alike: the bet does not hang on the
    order. `size` is how many samples one figure stands for.
    """

    least: Scores
    most: Scores
    levels: Levels
    size: float = 1.0

    def bounds(self, extra: int = 0) -> Bounds:
        """Return the bet's bounds if `extra` more samples came in with the same distribution."""
        n = self.least.n + extra / self.size
        low = bet_lower(self.least.scaled(n), alpha=self.levels.low)
        return Bounds(low, bet_upper(self.most.scaled(n), alpha=self.levels.high))

    def p_above(self, bar: float) -> float:
        """Return the p-value of "the mean is at most the bar"."""
        return _p(log_bet_above(self.least, bar=bar))

    def p_below(self, bar: float) -> float:
        """Return the p-value of "the mean is at least the bar"."""
        return _p(log_bet_below(self.most, bar=bar))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClaim:
    """A mean of figures that lie in `floor`..`ceiling`, by betting on them mapped to [0, 1].

    Paired differences lie in -1..1: for a stop rule with any scores, and for a fixed n with graded
    ones; see `pairedclaims`. A trial's cost lies between 0 and what its longest answer would cost.
    """

    bets: BettingClaim
    floor: float = -1.0
    ceiling: float = 1.0

    def bounds(self, extra: int = 0) -> Bounds:
        """Return the bet's bounds."""
        bounds = self.bets.bounds(extra)
        return Bounds(self._back(bounds.low), self._back(bounds.high))

    def p_above(self, bar: float) -> float:
        """Return the p-value of "the mean is at most the bar"."""
        return self.bets.p_above(scaled(bar, floor=self.floor, ceiling=self.ceiling))

    def p_below(self, bar: float) -> float:
        """Return the p-value of "the mean is at least the bar"."""
        return self.bets.p_below(scaled(bar, floor=self.floor, ceiling=self.ceiling))

    def _back(self, share: float | None) -> float | None:
        return None if share is None else self.floor + share * (self.ceiling - self.floor)


def scaled(figure: float, *, floor: float = -1.0, ceiling: float = 1.0) -> float:
    """Return a figure of floor..ceiling as one of 0..1, for betting; what lies outside is cut."""
    return min(max((figure - floor) / (ceiling - floor), 0.0), 1.0)


def _p(log_evidence: float) -> float:
    return exp(min(0.0, -log_evidence))
