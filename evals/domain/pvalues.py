"""p-values of the rules for a fixed n, for Holm's rule over several candidates.

Each is at most alpha exactly where the bound at alpha clears the bar (see `intervals`). "Above" is
evidence against "at most the bar"; for "below", mirror: `total - passed` and `1 - bar`.
"""

from math import exp, log, sqrt

from scipy.special import betainc, stdtr


def rate_p_above(passed: float, total: float, *, bar: float) -> float:
    """Return the exact p-value of "the rate is at most the bar": P(X >= passed) at the bar.

    Raises:
        ValueError: If nothing was judged, or a count or the bar is out of range.

    Source: Clopper and Pearson (1934), the one-sided binomial test.
    """
    if not (0 <= passed <= total and total > 0 and 0 <= bar <= 1):
        raise ValueError(f"need passed of total and 0 <= bar <= 1, got {passed}/{total}, {bar}")
    return float(betainc(passed, total - passed + 1, bar)) if passed else 1.0


def bounded_mean_p_above(mean: float, n: float, *, bar: float) -> float:
    """Return a p-value of "the mean of n independent scores in [0, 1] is at most the bar".

    Raises:
        ValueError: If the mean or the bar is outside [0, 1] or nothing was scored.

    Source: Hoeffding (1963), Theorem 1, first inequality.
    """
    if not (0 <= mean <= 1 and n > 0 and 0 <= bar <= 1):
        raise ValueError(f"need a mean and a bar in [0, 1] and n > 0, got {mean}, {bar}, {n}")
    if mean <= bar:
        return 1.0
    if bar == 0:
        return 0.0
    lost = 0.0 if mean == 1 else (1 - mean) * log((1 - mean) / (1 - bar))
    return exp(-n * (mean * log(mean / bar) + lost))


def mean_p_below(mean: float, sd: float | None, n: int, *, bar: float) -> float:
    """Return the t test's p-value of "the mean is at least the bar", 1 where no spread is known.

    For costs. Where all are equal it is 0 or 1: the price of one request is no estimate.

    Source: Student (1908).
    """
    if sd is None or n < 2:  # noqa: PLR2004 - one value has no spread
        return 1.0
    if sd == 0:
        return 0.0 if mean <= bar else 1.0
    return float(stdtr(n - 1, (mean - bar) * sqrt(n) / sd))
