"""What can be said of one figure of a run: its one-sided bounds and p-values.

Each claim has two levels, since with several candidates GO needs more than NO-GO (see
`multiplicity`), and counts what is unscored as 0 for its lower side and as 1 for its upper one.
"""

from dataclasses import dataclass
from typing import Protocol

from evals.domain.intervals import clopper_pearson_lower, clopper_pearson_upper
from evals.domain.pvalues import rate_p_above


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two one-sided bounds, each at its own level."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The one-sided levels of the two bounds: how often the truth may lie below, or above."""

    low: float
    high: float


class Claim(Protocol):
    """A figure whose bounds can be had, and its p-values also for a run longer than it was."""

    def bounds(self) -> Bounds:
        """Return the bounds, each at its level."""

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "at most the bar", if `extra` more samples came in like these."""

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the p-value of "at least the bar", if `extra` more samples came in like these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateClaim:
    """A rate of independent trials that each pass or fail, for a fixed n: exact.

    Of the planned trials `passed` of `n` >= 1 passed, `failed` were asked and have no figure, and
    `missing` were never asked: more samples fill those first.
    """

    passed: float
    n: int
    levels: Levels
    failed: int = 0
    missing: int = 0

    def bounds(self) -> Bounds:
        """Return Clopper-Pearson bounds."""
        least, most, total = self._counts(0)
        return Bounds(
            clopper_pearson_lower(least, total, alpha=self.levels.low),
            clopper_pearson_upper(most, total, alpha=self.levels.high),
        )

    def p_above(self, bar: float, extra: int = 0) -> float:
        """Return the exact binomial p-value of "the rate is at most the bar"."""
        least, _, total = self._counts(extra)
        return rate_p_above(least, total, bar=bar)

    def p_below(self, bar: float, extra: int = 0) -> float:
        """Return the exact binomial p-value of "the rate is at least the bar"."""
        _, most, total = self._counts(extra)
        return rate_p_above(total - most, total, bar=1 - bar)

    def _counts(self, extra: int) -> tuple[float, float, float]:
        n, gaps = self.n + extra, self.failed + max(0, self.missing - extra)
        least = min(self.passed + extra * (self.passed / self.n), n)
        return least, least + gaps, n + gaps
