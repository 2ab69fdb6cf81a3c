"""Claims whose bounds hold at any stopping time; see `claims`.

Under a stop rule the figures are those of the prefix that was read; what lies beyond it says
nothing either way.
"""

from dataclasses import dataclass
from math import exp

from evals.domain.betting import Scores, bet_lower, bet_upper, log_bet_above, log_bet_below
from evals.domain.claims import Bounds, Levels
from evals.domain.sequential import (
    anytime_rate_lower,
    anytime_rate_upper,
    log_evidence_above,
    log_evidence_below,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRateClaim:
    """The rate of 0/1 scores after `n` >= 1 samples were read.

    `least` of them passed, `most` if every unscored one had.
    """

    least: float
    most: float
    n: int
    levels: Levels

    def bounds(self) -> Bounds:
        """Return anytime-valid bounds."""
        return Bounds(
            anytime_rate_lower(self.least, self.n, alpha=self.levels.low),
            anytime_rate_upper(self.most, self.n, alpha=self.levels.high),
        )

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the rate is at most the bar"."""
        least, _, total = self._counts(extra)
        return _p(float(log_evidence_above(least, total, bar=bar)))

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the rate is at least the bar"."""
        _, most, total = self._counts(extra)
        return _p(float(log_evidence_below(most, total, bar=bar)))

    def _counts(self, extra: int) -> tuple[float, float, float]:
        scored = self.n - (self.most - self.least)
        more = extra * self.least / scored if scored else 0.0
        total = self.n + extra
        return min(self.least + more, total), min(self.most + more, total), total


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

    def bounds(self) -> Bounds:
        """Return the bet's bounds."""
        low = bet_lower(self.least, alpha=self.levels.low)
        return Bounds(low, bet_upper(self.most, alpha=self.levels.high))

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the mean is at most the bar"."""
        return _p(log_bet_above(self.least, bar=bar, n=self._n(extra)))

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the mean is at least the bar"."""
        return _p(log_bet_below(self.most, bar=bar, n=self._n(extra)))

    def _n(self, extra: int) -> float:
        return self.least.n + extra / self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClaim:
    """A mean of figures that lie in `floor`..`ceiling`, by betting on them mapped to [0, 1].

    Paired differences lie in -1..1: for a stop rule with any scores, and for a fixed n with graded
    ones; see `pairedclaims`.
    """

    bets: BettingClaim
    floor: float = -1.0
    ceiling: float = 1.0

    def bounds(self) -> Bounds:
        """Return the bet's bounds."""
        bounds = self.bets.bounds()
        return Bounds(self._back(bounds.low), self._back(bounds.high))

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the mean is at most the bar"."""
        return self.bets.p_above(scaled(bar, floor=self.floor, ceiling=self.ceiling), extra)

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "the mean is at least the bar"."""
        return self.bets.p_below(scaled(bar, floor=self.floor, ceiling=self.ceiling), extra)

    def _back(self, share: float) -> float:
        return self.floor + share * (self.ceiling - self.floor)


def scaled(figure: float, *, floor: float = -1.0, ceiling: float = 1.0) -> float:
    """Return a figure of floor..ceiling as one of 0..1, for betting; what lies outside is cut."""
    return min(max((figure - floor) / (ceiling - floor), 0.0), 1.0)


def _p(log_evidence: float) -> float:
    return exp(min(0.0, -log_evidence))
