"""What can be said of one figure of a run: its one-sided bounds, now and after more samples."""

from dataclasses import dataclass
from typing import Protocol

from evals.domain.intervals import (
    bounded_mean_lower,
    bounded_mean_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
    mean_lower,
    mean_upper,
)
from evals.domain.metrics import ClusterMeans, RunFacts


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two one-sided bounds, each at the plan's alpha; None is unknown."""

    low: float | None
    high: float | None


class Claim(Protocol):
    """A figure whose bounds can be had, also for a run that is longer than it was."""

    def bounds(self, extra: int = 0) -> Bounds:
        """Return the bounds if `extra` more samples came in at the observed average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Planned trials without a figure; more samples fill only those that were never asked."""

    failed: int
    missing: int

    @classmethod
    def of(cls, facts: RunFacts, *, n: int) -> "Gaps":
        """Return the planned trials that are not among the `n` with a figure."""
        return cls(failed=facts.planned - facts.missing - n, missing=facts.missing)

    def after(self, more: int) -> int:
        """Return how many are left when `more` trials have come in."""
        return self.failed + max(0, self.missing - more)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateClaim:
    """A mean of `n` figures in [0, 1], n >= 1, whose sum is `good`.

    Each gap counts as 0 for the lower and as 1 for the upper bound. `is_exact` says that the
    figures are independent and all 0 or 1. Trials of one sample depend on each other; counting
    gaps as 0 or 1 gives every sample `epochs` figures, so the mean of sample means is the mean.
    """

    good: float
    n: int
    gaps: Gaps
    epochs: int
    is_exact: bool
    alpha: float

    def bounds(self, extra: int = 0) -> Bounds:
        """Return Clopper-Pearson bounds where exact, else Chernoff-Hoeffding over samples."""
        more = extra * self.epochs
        n, gap = self.n + more, self.gaps.after(more)
        least = min(self.good + more * (self.good / self.n), n)
        most, total = min(least + gap, n + gap), n + gap
        if self.is_exact:
            return Bounds(
                clopper_pearson_lower(least, total, alpha=self.alpha),
                clopper_pearson_upper(most, total, alpha=self.alpha),
            )
        samples = total / self.epochs
        return Bounds(
            bounded_mean_lower(least / total, samples, alpha=self.alpha),
            bounded_mean_upper(most / total, samples, alpha=self.alpha),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterClaim:
    """The mean score of the average cluster; only clusters are independent of each other.

    `size` is how many samples a cluster has on average: more samples come as more clusters.
    """

    clusters: ClusterMeans
    size: float
    alpha: float

    def bounds(self, extra: int = 0) -> Bounds:
        """Return Chernoff-Hoeffding bounds over the clusters' means."""
        count, least, most = self.clusters.count, self.clusters.least, self.clusters.most
        more = extra / self.size
        return Bounds(
            bounded_mean_lower(_share(least, count), count + more, alpha=self.alpha),
            bounded_mean_upper(_share(most, count), count + more, alpha=self.alpha),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostClaim:
    """A mean cost of `n` trials; it has no largest value.

    Each gap costs nothing for the lower bound and leaves the upper one unknown. Trials of one
    sample depend on each other, so the spread is taken to rest on n / epochs values.
    """

    mean: float
    sd: float | None
    n: int
    gaps: Gaps
    epochs: int
    alpha: float

    def bounds(self, extra: int = 0) -> Bounds:
        """Return t bounds, unknown below two samples."""
        if self.sd is None:
            return Bounds(None, None)
        more = extra * self.epochs
        n, gap = self.n + more, self.gaps.after(more)
        low = mean_lower(self.mean, self.sd, n // self.epochs, alpha=self.alpha)
        high = mean_upper(self.mean, self.sd, n // self.epochs, alpha=self.alpha)
        return Bounds(None if low is None else low * n / (n + gap), None if gap else high)


def _share(total: float, count: int) -> float:
    """Return the mean of figures in [0, 1]; sums of floats may stray past it."""
    return min(max(total / count, 0.0), 1.0)
