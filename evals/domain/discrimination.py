"""How well a confidence tells right answers from wrong ones."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from scipy.stats import rankdata

from evals.domain.intervals import Interval
from evals.domain.sequential import Floats

HALF = 0.5  # what a signal that knows nothing gives; a graded answer counts as right from here on


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """The area under the ROC curve: how often a right answer has more confidence than a wrong one.

    `area` is None where all answers are right, or all wrong. `interval` is the 95 % one, None where
    it is unknown.
    """

    area: float | None
    interval: Interval | None
    right: int
    wrong: int

    @property
    def tells_apart(self) -> bool | None:
        """Whether the whole interval lies above one half; None where it is unknown."""
        return None if self.interval is None else self.interval.low > HALF


def discrimination(confidence: Floats, scores: Floats, *, level: float = 0.95) -> Discrimination:
    """Return the AUROC of a confidence for right answers; ties count half.

    Args:
        confidence: One for each answer.
        scores: In [0, 1]; an answer is right from one half on.
        level: Two-sided confidence of the interval.

    Source: Mann and Whitney (1947); the interval is that of DeLong et al. (1988), Biometrics 44,
    by the ranks of Sun and Xu (2014).
    """
    is_right = scores >= HALF
    right, wrong = confidence[is_right], confidence[~is_right]
    m, n = len(right), len(wrong)
    if not (m and n):
        return Discrimination(area=None, interval=None, right=m, wrong=n)
    ranks = rankdata(np.concatenate((right, wrong)))
    over_wrong = (ranks[:m] - rankdata(right)) / n
    under_right = 1 - (ranks[m:] - rankdata(wrong)) / m
    area = float(over_wrong.mean())
    interval = _interval(area, over_wrong, under_right, level)
    return Discrimination(area=area, interval=interval, right=m, wrong=n)


def _interval(
    area: float, over_wrong: Floats, under_right: Floats, level: float
) -> Interval | None:
    m, n = len(over_wrong), len(under_right)
    if min(m, n) < 2:  # noqa: PLR2004 - no spread without two
        return None
    variance = float(over_wrong.var(ddof=1)) / m + float(under_right.var(ddof=1)) / n
    if variance <= 0:
        return None  # no spread was seen, which does not say that there is none
    half = NormalDist().inv_cdf((1 + level) / 2) * sqrt(variance)
    return Interval(max(0.0, area - half), min(1.0, area + half))
