"""Claims whose bounds hold at any stopping time, and the paired ones; see `claims`.

Each counts an unscored trial as 0 for its lower bound and as 1 for its upper one, and has two
levels: with several candidates GO needs more than NO-GO (see `multiplicity`). Under a stop rule
the figures are those of the prefix that was read; what lies beyond it says nothing either way.
"""

from dataclasses import dataclass
from math import exp, sqrt

from evals.domain.betting import Scores, bet_lower, bet_upper, log_bet_above, log_bet_below
from evals.domain.claims import Bounds
from evals.domain.paired import PairedTable
from evals.domain.pairedexact import exact_lower, exact_p_above, exact_p_below, exact_upper
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
class PairedBettingClaim:
    """The mean difference to the incumbent on shared samples, -1..1, by betting.

    For a stop rule with any scores, and for a fixed n with graded ones. The `bets` are on the
    differences mapped to [0, 1]; see `halved` and `table_scores`.
    """

    bets: BettingClaim

    def bounds(self, extra: int = 0) -> Bounds:
        """Return the bet's bounds for the difference."""
        bounds = self.bets.bounds(extra)
        return Bounds(_difference(bounds.low), _difference(bounds.high))

    def p_above(self, difference: float) -> float:
        """Return the p-value of "the true difference is at most this"."""
        return self.bets.p_above(halved(difference))

    def p_below(self, difference: float) -> float:
        """Return the p-value of "the true difference is at least this"."""
        return self.bets.p_below(halved(difference))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedClaim:
    """The difference of two rates on shared samples, for a fixed n and scores of 0 and 1.

    In `least` each unscored trial is wrong for the candidate and right for the incumbent, in
    `most` the reverse.
    """

    least: PairedTable
    most: PairedTable
    levels: Levels

    def bounds(self, extra: int = 0) -> Bounds:
        """Return exact bounds; with `extra` samples Tango's, as far out as the exact ones are."""
        low = exact_lower(self.least, self.levels.low)
        high = exact_upper(self.most, self.levels.high)
        if not extra:
            return Bounds(low, high)
        above = _projected(self.most.mirrored(), -high, extra)
        return Bounds(_projected(self.least, low, extra), -above)

    def p_above(self, difference: float) -> float:
        """Return the exact p-value of "the true difference is at most this"."""
        return exact_p_above(self.least, difference)

    def p_below(self, difference: float) -> float:
        """Return the exact p-value of "the true difference is at least this"."""
        return exact_p_below(self.most, difference)


def halved(difference: float) -> float:
    """Return a difference of -1..1 as a figure of 0..1, for betting."""
    return (difference + 1) / 2


def table_scores(table: PairedTable) -> Scores:
    """Return a paired table as scores to bet on: 0 lost, 1/2 alike, 1 won."""
    alike = table.both + table.neither
    return Scores((0.0, 0.5, 1.0), (table.only_incumbent, alike, table.only_candidate))


def _difference(half: float | None) -> float | None:
    return None if half is None else 2 * half - 1


def _projected(table: PairedTable, low: float, extra: int) -> float:
    """Return the lower bound with more samples of the same kind; scores grow as their root."""
    if not table.n or table.difference is None or not -1 < low < table.difference:
        return low
    return table.bound_below(table.score(low) / sqrt(1 + extra / table.n))


def _p(log_evidence: float) -> float:
    return exp(min(0.0, -log_evidence))
