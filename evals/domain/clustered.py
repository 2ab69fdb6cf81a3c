"""Means of scores that come in clusters (one customer's messages, one sample's epochs).

These intervals are shown and never gate: at 10 clusters they let 15 % of the candidates pass that
are just at the bar. The gate is the bet on cluster means; see `betting`.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit

from evals.domain.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredMean:
    """The mean of `n` scores in `clusters` clusters.

    `standard_error` is None where it is unknown: with one cluster, or where none strays from the
    mean, which says that no spread was seen and not that there is none.
    """

    mean: float
    standard_error: float | None
    n: int
    clusters: int

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """Return the t interval with clusters - 1 degrees of freedom, None where unknown.

        It may leave [0, 1], as t intervals do.

        Source: Miller (2024), arXiv:2411.00640; Student (1908).
        """
        if self.standard_error is None:
            return None
        half = float(stdtrit(self.clusters - 1, (1 + confidence) / 2)) * self.standard_error
        return Interval(self.mean - half, self.mean + half)


def clustered_mean(scores: Sequence[float], clusters: Sequence[Hashable]) -> ClusteredMean | None:
    """Return the mean with its clustered standard error, None where nothing was scored.

    The standard error is sqrt(sum over clusters of (sum of (score - mean))^2) / n.

    Raises:
        ValueError: If there are not as many clusters as scores.

    Source: Miller (2024), arXiv:2411.00640; Liang and Zeger (1986).
    """
    if not scores:
        return None
    mean, strays = sum(scores) / len(scores), dict.fromkeys(clusters, 0.0)
    for score, cluster in zip(scores, clusters, strict=True):
        strays[cluster] += score - mean
    spread = sqrt(sum(stray**2 for stray in strays.values())) / len(scores)
    is_known = len(strays) > 1 and spread > 1e-12  # noqa: PLR2004 - below it is rounding
    return ClusteredMean(
        mean=mean,
        standard_error=spread if is_known else None,
        n=len(scores),
        clusters=len(strays),
    )
