"""Non-inferiority on the same samples, fixed n: Tango's order with an exact error rate.

Tango's test is approximate: at 30 samples up to 6 % of true ties at the margin pass at 5 %, for
the missed side up to 9 %. Here the chance of a table at least as extreme is computed outright,
at the worst rate of discordant samples that the data allow.
"""

from functools import cache
from statistics import NormalDist

import numpy as np
from scipy.special import betainc, betainccinv, betaincinv
from scipy.stats import binom

from evals.domain.paired import PairedTable
from evals.domain.sequential import Floats

NUISANCE_ALPHA = 1e-5  # doubt spent on the range of the rate of discordant samples
GRID = 60
MOST_DISCORDANT = 2_000  # beyond it Tango's p-value at 5 % is the exact one to within 0.001
SPREAD = 8.5  # standard deviations outside which a count has no chance worth adding
BISECTIONS = 30
ROUNDING = 1e-9


def exact_p_above(table: PairedTable, difference: float) -> float:
    """Return the p-value of "the true difference is at most `difference`".

    The largest chance, over the discordance rates in their 99.999 % interval, of a table with as
    high a Tango score, plus the 0.00001 by which that interval may fail.

    Raises:
        ValueError: If no sample is shared, or the difference is not inside -1..1.

    Source: Hsueh, Liu and Chen (2001), Biometrics 57, 478-483; the range is Berger and Boos (1994).
    """
    if not table.n or not -1 < difference < 1:
        raise ValueError(f"need shared samples and -1 < difference < 1, got {difference}")
    if table.only_candidate + table.only_incumbent > MOST_DISCORDANT:
        return NormalDist().cdf(-table.score(difference))
    rates = _discordance_rates(table, least=abs(difference))
    found = _likely_counts(table.n, rates)
    wins = _least_wins(found, n=table.n, difference=difference, z=table.score(difference))
    share = np.clip((rates + difference) / (2 * rates), 0.0, 1.0)[:, np.newaxis]
    # The chance of at least so many wins; 0 wins are certain, and more than were found cannot be.
    reached = betainc(np.maximum(wins, 1), np.maximum(found - wins, 0) + 1, share)
    reached = np.where(wins > found, 0.0, np.where(wins > 0, reached, 1.0))
    chances = (binom.pmf(found, table.n, rates[:, np.newaxis]) * reached).sum(axis=1)
    return min(1.0, float(chances.max()) + NUISANCE_ALPHA)


def exact_p_below(table: PairedTable, difference: float) -> float:
    """Return the p-value of "the true difference is at least `difference`"."""
    return exact_p_above(table.mirrored(), -difference)


@cache
def exact_lower(table: PairedTable, alpha: float) -> float:
    """Return a lower bound for the true difference, -1 where none is known.

    The smallest difference that is not rejected at alpha, to within one part in 10^9.
    """
    if not table.n:
        return -1.0
    low, high = -1.0, (table.only_candidate - table.only_incumbent) / table.n
    if high == low:
        return low
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_rejected = exact_p_above(table, middle) <= alpha
        low, high = (middle, high) if is_rejected else (low, middle)
    return low


def exact_upper(table: PairedTable, alpha: float) -> float:
    """Return an upper bound for the true difference, 1 where none is known."""
    return -exact_lower(table.mirrored(), alpha)


def _discordance_rates(table: PairedTable, *, least: float) -> Floats:
    """Return rates of discordant samples, as allowed by the data and by the hypothesis."""
    found, tail = table.only_candidate + table.only_incumbent, NUISANCE_ALPHA / 2
    rest = table.n - found
    low = float(betaincinv(found, rest + 1, tail)) if found else 0.0
    high = float(betainccinv(found + 1, rest, tail)) if rest else 1.0
    low, high = max(low, least), max(high, least)
    return np.linspace(max(low, ROUNDING), high, GRID)


def _likely_counts(n: int, rates: Floats) -> Floats:
    """Return the counts of discordant samples that have a chance worth adding at these rates."""
    spread = SPREAD * np.sqrt(n * rates * (1 - rates)) + 2
    low, high = np.min(n * rates - spread), np.max(n * rates + spread)
    return np.arange(max(0, int(low)), min(n, int(high)) + 1.0)


def _least_wins(found: Floats, *, n: int, difference: float, z: float) -> Floats:
    """Return for each count of discordant samples the fewest wins with a score of at least z."""
    low, high = np.zeros_like(found), found + 1
    while np.any(low < high):
        middle = (low + high) // 2
        is_enough = _scores(middle, found - middle, n=n, difference=difference) >= z - ROUNDING
        low, high = np.where(is_enough, low, middle + 1), np.where(is_enough, middle, high)
        low = np.minimum(low, high)
    return low


def _scores(won: Floats, lost: Floats, *, n: int, difference: float) -> Floats:
    """Return Tango's z for many tables at once; see `PairedTable.score`."""
    linear = -won - lost + (2 * n - won + lost) * difference
    room = np.maximum(linear**2 + 8 * n * lost * difference * (1 - difference), 0.0)
    loss_rate = (np.sqrt(room) - linear) / (4 * n)
    variance = n * (2 * loss_rate + difference * (1 - difference))
    excess = won - lost - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        z = excess / np.sqrt(np.maximum(variance, 0.0))
    return np.where(excess == 0, 0.0, z)
