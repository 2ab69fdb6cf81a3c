"""What a bet can tell with so many samples, and how many it takes; see `betting`.

Bets gate graded scores, means of clusters or epochs, and everything under a stop rule. The figures
are for the widest spread that scores in [0, 1] can have, all of them 0 or 1, and for a bet read
when all samples are in; a stop rule also reads it before and so does a little better.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from math import log, sqrt

from scipy.special import bdtrc

from evals.domain.betting import Scores, bet_lower, log_bet_above
from evals.domain.power import MOST_SAMPLES, POWER, normal_tail
from evals.domain.sequential import log_evidence_above


def least_bet_passes(total: int, *, bar: float, alpha: float = 0.05) -> int | None:
    """Return how many of `total` must pass for evidence of 1/alpha, None if all are not enough."""
    limit = log(1 / alpha)
    least = bisect_left(
        range(total + 1),
        True,  # noqa: FBT003 - bisect's own argument
        key=lambda passed: float(log_evidence_above(passed, total, bar=bar)) >= limit,
    )
    return least if least <= total else None


def all_pass_bet_samples(bar: float, *, alpha: float = 0.05) -> int | None:
    """Return the fewest samples that reach evidence of 1/alpha if every one passes."""
    limit = log(1 / alpha)
    return _least_total(lambda n: float(log_evidence_above(n, n, bar=bar)) >= limit)


@lru_cache(maxsize=256)
def bet_samples(
    bar: float, rate: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return about the fewest samples with which a bet proves the bar at this rate.

    None above a million, and where the rate does not exceed the bar.
    """
    if not 0 <= bar < rate <= 1:
        return None
    return _least_total(lambda n: bet_power(n, bar=bar, rate=rate, alpha=alpha) >= power)


def bet_power(total: int, *, bar: float, rate: float, alpha: float = 0.05) -> float:
    """Return the chance that a bet on so many 0/1 scores proves the bar at this true rate."""
    least = least_bet_passes(total, bar=bar, alpha=alpha)
    if least is None:
        return 0.0
    return float(bdtrc(least - 1, total, rate)) if least else 1.0


def bet_margin(
    total: int, discordance: float, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Return about the smallest margin that a bet on so many pairs can show between equals.

    The bet is placed on the pairs of a run that is as unlucky as one of 1 - power is.
    """
    return 1 - 2 * bet_lower(_unlucky(total, discordance, power), alpha=alpha)


@lru_cache(maxsize=256)
def bet_margin_samples(
    margin: float, discordance: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return about how many pairs show a margin between equals, None above a million."""
    limit, bar = log(1 / alpha), (1 - margin) / 2
    return _least_total(lambda n: log_bet_above(_unlucky(n, discordance, power), bar=bar) >= limit)


def _unlucky(total: int, discordance: float, power: float) -> Scores:
    """Return the scores of pairs, lost 0 and won 1, whose difference is low by chance alone."""
    lag = min(normal_tail(1 - power) * sqrt(discordance / total), discordance)
    lost, won = (discordance + lag) / 2, (discordance - lag) / 2
    return Scores((0.0, 0.5, 1.0), (lost * total, (1 - discordance) * total, won * total))


def _least_total(is_enough: Callable[[int], bool]) -> int | None:
    """Return the first number of samples that is enough, by doubling and bisection."""
    total = 1
    while not is_enough(total):
        if total >= MOST_SAMPLES:
            return None
        total = min(2 * total, MOST_SAMPLES)
    return (
        total // 2
        + 1
        + bisect_left(
            range(total // 2 + 1, total + 1),
            True,  # noqa: FBT003 - bisect's own argument
            key=is_enough,
        )
    )
