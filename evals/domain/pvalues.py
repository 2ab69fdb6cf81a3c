"""The p-value of a rate at a fixed n, for Holm's rule over several candidates.

It is at most alpha exactly where the bound at alpha clears the bar (see `intervals`). "Above" is
evidence against "at most the bar"; for "below", mirror: `total - passed` and `1 - bar`.
"""

from scipy.special import betainc


def rate_p_above(passed: float, total: float, *, bar: float) -> float:
    """Return the exact p-value of "the rate is at most the bar": P(X >= passed) at the bar.

    Raises:
        ValueError: If nothing was judged, or a count or the bar is out of range.

    Source: Clopper and Pearson (1934), the one-sided binomial test.
    """
    if not (0 <= passed <= total and total > 0 and 0 <= bar <= 1):
        raise ValueError(f"need passed of total and 0 <= bar <= 1, got {passed}/{total}, {bar}")
    return float(betainc(passed, total - passed + 1, bar)) if passed else 1.0
