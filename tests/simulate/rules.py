"""The rules of `evals.domain`, and broken ones beside them, on many runs at once."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from evals.domain.betting import NODES, SHARE_WEIGHTS, SHARES
from evals.domain.multiplicity import stop_thresholds
from evals.domain.outlook import boundaries
from evals.domain.paired import PairedTable
from evals.domain.pairedexact import exact_p_above, exact_p_below
from evals.domain.power import least_passes
from evals.domain.specs import Comparator

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Calls:
    """What a rule said of each run: GO, NO-GO or neither, and after how many samples."""

    go: np.ndarray
    no_go: np.ndarray
    n: np.ndarray


def thresholds(candidates=1):
    return stop_thresholds(Comparator.AT_LEAST, alpha=ALPHA, candidates=candidates)


def stop_rate(scores, *, bar, candidates=1):
    """The stop rule for 0/1 scores."""
    limits = boundaries(bar, thresholds(candidates), scores.shape[1])
    passed = np.cumsum(scores, axis=1)
    return first_calls(passed >= limits.above, passed <= limits.below)


def stop_bet(scores, *, bar, candidates=1):
    """The stop rule for graded and paired scores and for means of clusters."""
    up, down = bet_path(scores, bar), bet_path(1 - scores, 1 - bar)
    limits = thresholds(candidates)
    return first_calls(up >= limits.above, down >= limits.below)


def fixed_rate(scores, *, bar, alpha=ALPHA):
    """Clopper-Pearson, read once."""
    n, passed = scores.shape[1], scores.sum(axis=1)
    least, most = least_passes(n, bar=bar, alpha=alpha), least_passes(n, bar=1 - bar, alpha=alpha)
    go = passed >= (n + 1 if least is None else least)
    no_go = n - passed >= (n + 1 if most is None else most)
    return Calls(go, no_go, np.full(len(scores), n))


def fixed_bet(scores, *, bar):
    """The bet, read once."""
    up, down = bet_end(scores, bar), bet_end(1 - scores, 1 - bar)
    limit = -np.log(ALPHA)
    return Calls(up >= limit, down >= limit, np.full(len(scores), scores.shape[1]))


def fixed_paired(scores, *, margin):
    """The exact paired test, read once."""
    n = scores.shape[1]
    won, lost = (scores == 1).sum(axis=1), (scores == 0).sum(axis=1)
    called = [_exact_call(int(b), int(c), n, margin) for b, c in zip(won, lost, strict=True)]
    go, no_go = np.array(called).T
    return Calls(go, no_go, np.full(len(scores), n))


def tango_paired(scores, *, margin):
    """Tango's own p-value, read once: shown and not a gate."""
    n = scores.shape[1]
    won, lost = (scores == 1).sum(axis=1), (scores == 0).sum(axis=1)
    z = np.array([_tango(int(b), int(c), n, margin) for b, c in zip(won, lost, strict=True)])
    limit = stats.norm.isf(ALPHA)
    return Calls(z >= limit, z <= -limit, np.full(len(scores), n))


def clustered_t(means, *, bar):
    """A t test over clusters of equal size: shown and not a gate."""
    count = means.shape[1]
    errors = means.std(axis=1) / np.sqrt(count)
    half = stats.t(count - 1).isf(ALPHA) * errors
    centre = means.mean(axis=1)
    return Calls(centre - half >= bar, centre + half < bar, np.full(len(means), count))


def peeking_rate(scores, *, bar):
    """Broken: Clopper-Pearson, read after every sample."""
    n = np.arange(1, scores.shape[1] + 1)
    passed = np.cumsum(scores, axis=1)
    least = np.array([_or_never(least_passes(int(m), bar=bar, alpha=ALPHA), int(m)) for m in n])
    most = np.array([_or_never(least_passes(int(m), bar=1 - bar, alpha=ALPHA), int(m)) for m in n])
    return first_calls(passed >= least, n - passed >= most)


def stop_then_fixed(scores, *, bar):
    """Broken: the stop rule, and where it stays open Clopper-Pearson at the end."""
    early, late = stop_rate(scores, bar=bar), fixed_rate(scores, bar=bar)
    is_open = ~(early.go | early.no_go)
    return Calls(early.go | (is_open & late.go), early.no_go | (is_open & late.no_go), early.n)


def extended_fixed(scores, *, bar, times=6):
    """Broken: Clopper-Pearson, read again each time a run is extended."""
    ends = [scores.shape[1] * part // times for part in range(1, times + 1)]
    calls = [fixed_rate(scores[:, :end], bar=bar) for end in ends]
    go, no_go = (np.array([getattr(call, side) for call in calls]) for side in ("go", "no_go"))
    return Calls(np.any(go, axis=0), np.any(no_go, axis=0), calls[-1].n)


def first_calls(above, below):
    """The first sample at which either side is reached."""
    settled = above | below
    is_settled, first = settled.any(axis=1), settled.argmax(axis=1)
    rows = np.arange(len(settled))
    n = np.where(is_settled, first + 1, settled.shape[1])
    return Calls(above[rows, first] & is_settled, below[rows, first] & is_settled, n)


def bet_path(scores, bar):
    """The log evidence above the bar after each score."""
    return np.stack(list(_bet_steps(scores, bar)), axis=1)


def bet_end(scores, bar):
    """The log evidence above the bar after the last score."""
    *_, last = _bet_steps(scores, bar)
    return last


def _bet_steps(scores, bar):
    """As `betting.BetPath` for many runs at once; wealth is scaled now and then, for speed."""
    wealth, scale = np.ones((len(scores), NODES)), np.zeros(len(scores))
    for place in range(scores.shape[1]):
        wealth *= 1 + SHARES * (scores[:, place, np.newaxis] / bar - 1)
        if place % 32 == 0:
            top = wealth.max(axis=1)
            wealth /= top[:, np.newaxis]
            scale += np.log(top)
        yield scale + np.log(wealth @ SHARE_WEIGHTS)


def _or_never(least, n):
    return n + 1 if least is None else least


@cache
def _exact_call(won, lost, n, margin):
    table = _table(won, lost, n)
    return exact_p_above(table, -margin) <= ALPHA, exact_p_below(table, -margin) <= ALPHA


@cache
def _tango(won, lost, n, margin):
    return _table(won, lost, n).score(-margin)


def _table(won, lost, n):
    return PairedTable(both=n - won - lost, only_candidate=won, only_incumbent=lost, neither=0)
