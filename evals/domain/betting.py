"""A mean of scores in [0, 1] against a bar, read after every score: betting.

A gambler who doubts "the mean is at most m" stakes the share c of the wealth on each score x and
has 1 - c + c x/m times as much after it; with c in [0, 1] the wealth cannot grow on average while
the hypothesis is true, whatever the scores' distribution and even where each depends on those
before. The evidence is the wealth averaged over shares, so no share has to be guessed. It does
not hang on the order of the scores, falls as m rises (so bounds are found by bisection), and for
scores of 0 and 1 it is the closed form in `sequential`.

Sources: Waudby-Smith and Ramdas (2024), JRSS B 86, 1-27, "diversified Kelly betting" and hedged
capital; Ville (1939) for reading at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log

import numpy as np
from numpy.polynomial.legendre import leggauss

from evals.domain.intervals import Interval
from evals.domain.sequential import TINY, Floats, least_bar

NODES = 64  # shares: exact for the even average over all shares up to 127 scores
BLOCK = 16_384  # scores worked on at once, to bound memory

_POINTS, _WEIGHTS = leggauss(NODES)
SHARES: Floats = (_POINTS + 1) / 2
SHARE_WEIGHTS: Floats = _WEIGHTS / 2


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores in [0, 1] with how often each came; counts of a projection may be fractions.

    Raises:
        ValueError: If nothing was scored, or a score or a count is out of range.
    """

    values: tuple[float, ...]
    counts: tuple[float, ...]

    def __post_init__(self) -> None:
        is_fair = all(0 <= value <= 1 for value in self.values) and min(self.counts, default=0) >= 0
        if len(self.values) != len(self.counts) or not is_fair or not sum(self.counts) > 0:
            raise ValueError(
                "need scores in [0, 1], a count of 0 or more for each, and one at least"
            )

    @classmethod
    def of(cls, scores: Sequence[float] | Floats) -> "Scores":
        """Return the distinct scores with their counts."""
        values, counts = np.unique(np.asarray(scores, dtype=np.float64), return_counts=True)
        return cls(tuple(values.tolist()), tuple(counts.astype(float).tolist()))

    @property
    def n(self) -> float:
        """How many there are."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Their mean."""
        total = sum(v * c for v, c in zip(self.values, self.counts, strict=True))
        return min(max(total / self.n, 0.0), 1.0)

    def scaled(self, n: float) -> "Scores":
        """Return `n` scores of the same distribution."""
        return Scores(self.values, tuple(count * n / self.n for count in self.counts))

    def mirrored(self) -> "Scores":
        """Return 1 minus each."""
        return Scores(tuple(1 - value for value in self.values), self.counts)


def log_bet_above(scores: Scores, *, bar: float, n: float | None = None) -> float:
    """Return the log of the evidence that the mean is above the bar, against "at most the bar".

    Args:
        scores: As they came.
        bar: In [0, 1].
        n: Judge so many scores of the same distribution instead.

    Raises:
        ValueError: If the bar is outside [0, 1].
    """
    wealth = _wealth(scores, bar)
    return float(_averaged(wealth if n is None else wealth * (n / scores.n)))


def log_bet_below(scores: Scores, *, bar: float, n: float | None = None) -> float:
    """Return the log of the evidence that the mean is below the bar; see `log_bet_above`."""
    return log_bet_above(scores.mirrored(), bar=1 - bar, n=n)


class BetPath:
    """The evidence that a mean is above `bar`, score by score."""

    def __init__(self, bar: float) -> None:
        self.bar = bar
        self.wealth: Floats = np.zeros(NODES)

    def extend(self, scores: Floats, *, floor: float = -inf) -> Floats:  # noqa: ARG002
        """Return the log evidence after each of these scores, which follow those before."""
        paths = [np.empty(0)]
        for start in range(0, len(scores), BLOCK):
            growth = _log_growth(scores[start : start + BLOCK], self.bar)
            wealth = self.wealth + np.cumsum(growth, axis=0)
            self.wealth = wealth[-1]
            paths.append(_averaged(wealth))
        return np.concatenate(paths)


def bet_lower(scores: Scores, *, alpha: float) -> float:
    """Return a lower bound for the mean, valid whenever one stops to read it.

    The smallest bar against which the evidence is below 1/alpha.

    Raises:
        ValueError: If alpha is not in (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"need 0 < alpha < 1, got {alpha}")
    limit = log(1 / alpha)
    return least_bar(lambda bar: log_bet_above(scores, bar=bar) - limit, scores.mean)


def bet_upper(scores: Scores, *, alpha: float) -> float:
    """Return an upper bound for the mean, valid whenever one stops to read it."""
    return 1 - bet_lower(scores.mirrored(), alpha=alpha)


def bet_interval(scores: Scores, *, confidence: float = 0.95) -> Interval:
    """Return the hedged two-sided interval for the mean: half the doubt bets on each side."""
    tail = (1 - confidence) / 2
    return Interval(bet_lower(scores, alpha=tail), bet_upper(scores, alpha=tail))


@lru_cache(maxsize=4)  # a projection asks for many n at one bar
def _wealth(scores: Scores, bar: float) -> Floats:
    """Return the log of each share's wealth after all scores."""
    values, counts = np.array(scores.values), np.array(scores.counts)
    wealth = np.zeros(NODES)
    for start in range(0, len(values), BLOCK):
        block = slice(start, start + BLOCK)
        wealth += counts[block] @ _log_growth(values[block], bar)
    return wealth


def _log_growth(scores: Floats, bar: float) -> Floats:
    """Return by which each score multiplies the wealth of each share, as logarithms."""
    if not 0 <= bar <= 1 or np.any(scores < 0) or np.any(scores > 1):
        raise ValueError(f"need scores and a bar in [0, 1], got bar {bar}")
    gain: Floats = scores[:, np.newaxis] / max(bar, TINY) - 1
    return np.log1p(SHARES * gain)


def _averaged(wealth: Floats) -> Floats:
    """Return the log of the wealth averaged over the shares, the last axis."""
    top = wealth.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(wealth - top) @ SHARE_WEIGHTS))
