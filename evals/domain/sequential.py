"""A rate against a bar, read after every sample: evidence, anytime-valid bounds.

Evidence is the wealth of a gambler who bets against "the rate is no better than the bar" and
starts with 1. If that hypothesis is true, the chance that the wealth ever reaches 1/alpha is at
most alpha (Ville 1939), however often one looks; so one may stop whenever one likes.

The bets are those of `betting`, whose mixture has a closed form where every score is 0 or 1.
"""

from collections.abc import Callable
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaincc, betaln

from evals.domain.intervals import Interval

Floats = NDArray[np.float64]

TINY = 1e-300  # stands for a bar of 0, whose logarithm would be infinite
ALMOST_ONE = 1 - 2.0**-53
UNDERFLOW = 1e-280  # smaller tails of a Beta distribution have lost their digits
ROOT_TOLERANCE = 1e-14  # by which a bound may be too low, never too high
STRIDE = 16  # samples whose growth is bounded at once


def log_evidence_above(passed: ArrayLike, total: ArrayLike, *, bar: float) -> Floats:
    """Return the log of the evidence that the rate is above the bar, against "at most the bar".

    E = B(k+1, n-k+1) P(Beta(k+1, n-k+1) >= t) / ((1-t) t^k (1-t)^(n-k)), the likelihood ratio of
    rates above the bar t to the bar itself, averaged evenly over those rates.

    Args:
        passed: Samples that scored 1 among the first `total`; numbers or arrays.
        total: Samples read.
        bar: In [0, 1].

    Raises:
        ValueError: If a count or the bar is out of range.

    Source: Robbins (1970), a mixture of likelihood ratios; Ville (1939).
    """
    k, n = np.asarray(passed, dtype=np.float64), np.asarray(total, dtype=np.float64)
    if not (np.all(k >= 0) and np.all(k <= n) and 0 <= bar <= 1):
        raise ValueError(f"need 0 <= passed <= total and 0 <= bar <= 1, got bar {bar}")
    t = min(max(bar, TINY), ALMOST_ONE)
    tail = betaincc(k + 1, n - k + 1, t)
    is_far = tail < UNDERFLOW
    near = betaln(k + 1, n - k + 1) + np.log(np.where(is_far, 1.0, tail))
    near = near - k * np.log(t) - (n - k + 1) * np.log1p(-t)
    if not np.any(is_far):
        return np.asarray(near)
    return np.where(is_far, _far_below(np.where(is_far, k, 0.0), np.where(is_far, n, 1.0), t), near)


def log_evidence_below(passed: ArrayLike, total: ArrayLike, *, bar: float) -> Floats:
    """Return the log of the evidence that the rate is below the bar; see `log_evidence_above`."""
    n = np.asarray(total, dtype=np.float64)
    return log_evidence_above(n - np.asarray(passed), n, bar=1 - bar)


class RatePath:
    """The evidence that a rate is above `bar`, sample by sample, from 0/1 scores."""

    def __init__(self, bar: float) -> None:
        self.bar = bar
        self.passed = self.total = 0.0
        self.growth = -log(max(bar, TINY))  # of the log evidence for one sample, at most

    def extend(self, scores: Floats, *, floor: float = -inf) -> Floats:
        """Return the log evidence after each of these samples, which follow those before.

        Where it does not exceed `floor`, `floor` may stand instead, which saves most of the work.
        """
        passed = np.concatenate([[self.passed], self.passed + np.cumsum(scores)])
        total = self.total + np.arange(len(passed))
        self.passed, self.total = float(passed[-1]), float(total[-1])
        starts = np.arange(0, len(scores), STRIDE)
        ends = np.minimum(starts + STRIDE, len(scores))
        reach = log_evidence_above(passed[starts], total[starts], bar=self.bar)
        reach = reach + self.growth * (passed[ends] - passed[starts])
        matters = np.repeat(reach > floor, ends - starts)
        evidence = np.full(len(scores), floor)
        evidence[matters] = log_evidence_above(
            passed[1:][matters], total[1:][matters], bar=self.bar
        )
        return evidence


def anytime_rate_lower(passed: float, total: float, *, alpha: float) -> float:
    """Return a lower bound for a rate that holds at any stopping time, also an unplanned one.

    The smallest bar against which the evidence is below 1/alpha. Counts are whole; a projection
    to more samples may pass fractions of one.

    Raises:
        ValueError: If nothing was read, passed is not in 0..total, or alpha is not in (0, 1).

    Source: Robbins (1970); the evidence falls as the bar rises, so bisection finds the bound.
    """
    if not (0 <= passed <= total and total > 0 and 0 < alpha < 1):
        raise ValueError(f"need passed of total and 0 < alpha < 1, got {passed}/{total}, {alpha}")
    limit = log(1 / alpha)
    return least_bar(
        lambda bar: float(log_evidence_above(passed, total, bar=bar)) - limit, passed / total
    )


def anytime_rate_upper(passed: float, total: float, *, alpha: float) -> float:
    """Return an upper bound for a rate that holds at any stopping time."""
    return 1 - anytime_rate_lower(total - passed, total, alpha=alpha)


def anytime_rate_interval(passed: float, total: float, *, confidence: float = 0.95) -> Interval:
    """Return the two-sided anytime-valid interval for a rate, an equal tail on each side."""
    tail = (1 - confidence) / 2
    low = anytime_rate_lower(passed, total, alpha=tail)
    return Interval(low, anytime_rate_upper(passed, total, alpha=tail))


def least_bar(excess: Callable[[float], float], estimate: float) -> float:
    """Return the smallest bar that is not rejected, 0 if none is; too low by rounding, never high.

    Args:
        excess: By how much the evidence against a bar exceeds what rejects it; falls as bars rise.
        estimate: The observed mean, at which it is below 0.

    Source: Brent (1973).
    """
    if excess(0.0) < 0:
        return 0.0
    root = float(brentq(excess, 0.0, estimate, xtol=ROOT_TOLERANCE))
    step = ROOT_TOLERANCE
    while root > 0 and excess(root) < 0:
        root, step = max(0.0, root - step), 2 * step
    return root


def _far_below(k: Floats, n: Floats, t: float) -> Floats:
    """Return the log evidence where the observed rate is so far below the bar that tails vanish.

    There E = t / (n-k+1) 2F1(1, n+2; n-k+2; 1-t), a series of positive, falling terms.

    Source: NIST Digital Library of Mathematical Functions, 8.17.8.
    """
    lost = n - k + 1
    term = total = np.ones_like(n)
    step = 0
    while np.any(term > total * np.finfo(float).eps):
        term = term * (1 - t) * (n + 2 + step) / (lost + 1 + step)
        total = total + term
        step += 1
    return np.asarray(np.log(t * total / lost))
