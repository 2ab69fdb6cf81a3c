"""Two candidates' graded scores on the same samples: what is shown beside the gate.

Neither the permutation test nor the bootstrap gates: where most differences are 0 and a rare one
is a large loss, samples without that loss look certain to both (at 50 samples and 5 %, 8 % of true
ties at the margin pass a permutation test). The gate is the bet on differences; see `betting`.
"""

import warnings
from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np
from scipy.special import stdtrit
from scipy.stats import bootstrap

from evals.domain.intervals import Interval
from evals.domain.sequential import Floats

RESAMPLES = 9_999
MOST_RESAMPLED = 10_000  # beyond it means are normal enough, and resampling takes minutes
BATCH = 2_000_000  # resampled scores in memory at once


def mean_difference_interval(
    differences: Sequence[float] | Floats, *, seed: int, confidence: float = 0.95
) -> Interval | None:
    """Return the BCa bootstrap interval for the mean difference, a t interval for n > 10,000.

    None where it is unknown: for n < 2, or where all resamples are equal.

    Source: Efron (1987), JASA 82, 171-185, as `scipy.stats.bootstrap` has it.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or np.all(values == values[0]):  # noqa: PLR2004
        return None
    if len(values) > MOST_RESAMPLED:
        return _t_interval(values, confidence)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of degenerate resamples: they are told by nan below
        found = bootstrap(
            (values,),
            np.mean,
            n_resamples=RESAMPLES,
            batch=_batch(len(values)),
            confidence_level=confidence,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return Interval(low, high) if isfinite(low) and isfinite(high) else None


def _t_interval(values: Floats, confidence: float) -> Interval:
    n, mean = len(values), float(values.mean())
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * float(values.std(ddof=1)) / sqrt(n)
    return Interval(mean - half, mean + half)


def _batch(n: int) -> int:
    return max(1, BATCH // n)
