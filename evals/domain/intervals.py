"""How sure a rate, a mean or a quantile is: two-sided intervals to show, one-sided bounds to gate.

Every bound claims the average of future traffic; none corrects for a finite population.
"""

import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from scipy.special import bdtr, bdtrc, betaincc, betainccinv, betaincinv, stdtrit

SMALLEST = sys.float_info.min


@dataclass(frozen=True, slots=True)
class Interval:
    """Two bounds, `low` <= `high`."""

    low: float
    high: float


class Ranks(NamedTuple):
    """Which sorted samples bound a quantile, counted from 1; None where n is too small."""

    low: int | None
    high: int | None


def wilson_interval(passed: int, total: int, *, confidence: float = 0.95) -> Interval:
    """Return the two-sided Wilson score interval for a pass rate: what pages show.

    Args:
        passed: Samples that met the target, 0..total.
        total: Samples judged, at least 1.
        confidence: Two-sided level, between 0 and 1.

    Raises:
        ValueError: If no sample was judged; an empty run has no pass rate.

    Source: Wilson (1927); checked against 81/263 in Newcombe (1998), Table I.
    """
    _check_rate(passed, total)
    z = NormalDist().inv_cdf((1 + _checked_level(confidence, "confidence")) / 2)
    rate = passed / total
    shrink = 1 + z**2 / total
    centre = (rate + z**2 / (2 * total)) / shrink
    half = z * sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2)) / shrink
    low = 0.0 if passed == 0 else centre - half
    high = 1.0 if passed == total else centre + half
    return Interval(low, high)


def clopper_pearson_lower(passed: float, total: float, *, alpha: float) -> float:
    """Return the one-sided exact lower bound for a pass rate: the gate for 0/1 scores.

    The true rate is below it in at most `alpha` of all repetitions. Counts are whole; a
    projection to more samples may pass fractions of one.

    Raises:
        ValueError: If no sample was judged, or passed is not in 0..total.

    Source: Clopper and Pearson (1934), as a quantile of the Beta distribution.
    """
    _check_rate(passed, total)
    _checked_level(alpha, "alpha")
    return 0.0 if passed == 0 else float(betaincinv(passed, total - passed + 1, alpha))


def clopper_pearson_upper(passed: float, total: float, *, alpha: float) -> float:
    """Return the one-sided exact upper bound for a pass rate; see `clopper_pearson_lower`.

    Source: Clopper and Pearson (1934), as a quantile of the Beta distribution.
    """
    _check_rate(passed, total)
    _checked_level(alpha, "alpha")
    return 1.0 if passed == total else float(betainccinv(passed + 1, total - passed, alpha))


def bounded_mean_lower(mean: float, n: float, *, alpha: float) -> float:
    """Return a one-sided lower bound for the mean of n independent scores in [0, 1].

    It holds whatever the scores' distribution, and also where they differ in distribution.
    It is the smallest t with exp(-n KL(mean || t)) >= alpha.

    Args:
        mean: The observed mean, in [0, 1].
        n: Independent scores behind it, above 0. Where items weigh unequally, 1 / the largest
            weight; so it need not be whole.
        alpha: The share of repetitions in which the true mean may be below the bound.

    Raises:
        ValueError: If the mean is outside [0, 1] or nothing was scored.

    Source: Hoeffding (1963), Theorem 1, first inequality, inverted.
    """
    if not (0 <= mean <= 1 and n > 0):
        raise ValueError(f"need 0 <= mean <= 1 and n > 0, got mean {mean}, n {n}")
    limit = -log(_checked_level(alpha, "alpha")) / n
    return _least_mean(mean, limit) if mean > 0 else 0.0


def bounded_mean_upper(mean: float, n: float, *, alpha: float) -> float:
    """Return a one-sided upper bound for a mean of scores in [0, 1]; see `bounded_mean_lower`.

    Source: Hoeffding (1963), Theorem 1, first inequality, inverted.
    """
    return 1 - bounded_mean_lower(1 - mean, n, alpha=alpha)


def bounded_mean_interval(mean: float, n: float, *, confidence: float = 0.95) -> Interval:
    """Return the two-sided interval for a mean of scores in [0, 1], an equal tail on each side.

    Source: Hoeffding (1963), Theorem 1, first inequality, inverted.
    """
    tail = (1 - _checked_level(confidence, "confidence")) / 2
    low = bounded_mean_lower(mean, n, alpha=tail)
    return Interval(low, bounded_mean_upper(mean, n, alpha=tail))


def probability_at_least(passed: int, total: int, threshold: float) -> float:
    """Return P(rate >= threshold) given the counts and a uniform prior, Beta(1, 1).

    For words beside a verdict ("98 % likely"); it never decides one.

    Source: Bayes (1763); the posterior is Beta(passed + 1, total - passed + 1).
    """
    _check_rate(passed, total)
    if not 0 <= threshold <= 1:
        raise ValueError(f"need 0 <= threshold <= 1, got {threshold}")
    return float(betaincc(passed + 1, total - passed + 1, threshold))


def quantile_interval(n: int, q: float, confidence: float = 0.95) -> Ranks:
    """Return the ranks of the sorted samples that bound the q-quantile, whatever its law.

    Each tail holds at most (1 - confidence) / 2. A rank is None where no sample is far enough
    out: 95 % for the upper bound of a p95 takes 72 samples, of a p99 368.

    Source: David and Nagaraja, Order Statistics (2003), section 7.1; binomial tails.
    """
    if n < 0:
        raise ValueError(f"need n >= 0, got {n}")
    _checked_level(q, "q")
    tail = (1 - _checked_level(confidence, "confidence")) / 2
    low = bisect_right(range(n), tail, key=lambda below: float(bdtr(below, n, q)))
    high = 1 + bisect_left(range(n), -tail, key=lambda below: -float(bdtrc(below, n, q)))
    return Ranks(low or None, high if high <= n else None)


def mean_upper(mean: float, sd: float, n: int, *, alpha: float) -> float | None:
    """Return the one-sided t bound above a mean, or None for n < 2: no spread is known.

    For costs, which have no largest value. Unlike the bounds for rates it is approximate where
    costs are skewed and n is small.

    Args:
        mean: The observed mean.
        sd: The observed standard deviation, with n - 1 in the denominator.
        n: Independent values behind them.
        alpha: The share of repetitions in which the true mean may be above the bound.

    Source: Student (1908).
    """
    _checked_level(alpha, "alpha")
    if sd < 0:
        raise ValueError(f"need sd >= 0, got {sd}")
    if n < 2:  # noqa: PLR2004 - one value has no spread
        return None
    return mean + float(stdtrit(n - 1, 1 - alpha)) * sd / sqrt(n)


def mean_lower(mean: float, sd: float, n: int, *, alpha: float) -> float | None:
    """Return the one-sided t bound below a mean, or None for n < 2; see `mean_upper`.

    Source: Student (1908).
    """
    mirrored = mean_upper(-mean, sd, n, alpha=alpha)
    return None if mirrored is None else -mirrored


def _least_mean(mean: float, limit: float) -> float:
    """Return the t below the mean with KL(mean || t) = limit, by Newton's method.

    KL falls and bends upwards there, so steps from below only rise and never pass the root; some
    six are enough. Two bounds of KL start below it: Pinsker's, and the one that leaves out 1 - t.
    """
    entropy = -_part(mean, 1.0) - _part(1 - mean, 1.0)
    t = max(mean - sqrt(limit / 2), exp(-(limit + entropy) / mean))
    while SMALLEST < t < mean:
        step = (_divergence(mean, t) - limit) * t * (1 - t) / (mean - t)
        if t + step <= t:
            break
        t += step
    return t


def _divergence(mean: float, t: float) -> float:
    """Return KL(mean || t) of two coins in nats."""
    return _part(mean, t) + _part(1 - mean, 1 - t)


def _part(share: float, expected: float) -> float:
    if share == 0:
        return 0.0
    return share * log(share / expected)


def _check_rate(passed: float, total: float) -> None:
    if not 0 <= passed <= total or total == 0:
        raise ValueError(f"need 0 <= passed <= total and total > 0, got {passed}/{total}")


def _checked_level(level: float, name: str) -> float:
    if not 0 < level < 1:
        raise ValueError(f"need 0 < {name} < 1, got {level}")
    return level
