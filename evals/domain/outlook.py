"""How a run under the stop rule will probably go, before it starts, for an assumed true rate."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evals.domain.betting import BetPath, Scores
from evals.domain.sequential import Floats, log_evidence_above, log_evidence_below
from evals.domain.settling import Thresholds, read_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The chances to end above, below or unsettled, and the mean number of samples read."""

    above: float
    below: float
    unsettled: float
    mean_samples: float


@dataclass(frozen=True, slots=True)
class Boundaries:
    """After n samples, n = 1.. : passes from which on, and up to which, the rule stops."""

    above: Floats
    below: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPlan:
    """What a simulation of runs under the stop rule takes as given."""

    thresholds: Thresholds
    most_samples: int
    seed: int = 0
    runs: int = 200


@lru_cache(maxsize=64)
def boundaries(bar: float, thresholds: Thresholds, most_samples: int) -> Boundaries:
    """Return where the stop rule of a rate stops, for 1..most_samples samples.

    `above` is n + 1 and `below` is -1 where no count stops it.
    """
    n = np.arange(1.0, most_samples + 1)
    above = _least(n, lambda k: log_evidence_above(k, n, bar=bar) >= thresholds.above)
    below = _least(n, lambda k: log_evidence_below(k, n, bar=bar) < thresholds.below) - 1
    return Boundaries(above, below)


def outlook(rate: float, *, bar: float, thresholds: Thresholds, most_samples: int) -> Outlook:
    """Return how the stop rule ends at a true rate, computed outright from every path.

    Args:
        rate: Assumed true, in [0, 1].
        bar: Of the criterion.
        thresholds: From `multiplicity.stop_thresholds`.
        most_samples: Rows there are, at least 1; the run ends with them.

    Source: Armitage, McPherson and Rowe (1969), the recursion over counts.
    """
    if not 0 <= rate <= 1 or most_samples < 1:
        raise ValueError(f"need 0 <= rate <= 1 and a sample, got {rate}, {most_samples}")
    limits = boundaries(bar, thresholds, most_samples)
    alive = np.zeros(most_samples + 2)
    alive[0], above, below, mean, low, high = 1.0, 0.0, 0.0, 0.0, 0, 0
    for n in range(1, most_samples + 1):
        mean += float(alive[low : high + 1].sum())
        high += 1
        alive[low + 1 : high + 1] = alive[low + 1 : high + 1] * (1 - rate) + alive[low:high] * rate
        alive[low] *= 1 - rate
        top, bottom = int(limits.above[n - 1]), int(limits.below[n - 1])
        above += _absorbed(alive[max(low, top) : high + 1])
        below += _absorbed(alive[low : bottom + 1])
        low, high = max(low, bottom + 1), min(high, top - 1)
    return Outlook(
        above=above,
        below=below,
        unsettled=max(0.0, 1 - above - below),
        mean_samples=mean,
    )


def _absorbed(stopped: Floats) -> float:
    """Return the chance of the counts that stop here, and take it out."""
    chance = float(stopped.sum())
    stopped[:] = 0.0
    return chance


def _least(n: Floats, holds: Callable[[Floats], NDArray[np.bool_]]) -> Floats:
    """Return for each n the smallest count for which a rising condition holds, n + 1 if none."""
    low, high = np.zeros_like(n), n + 1
    while np.any(low < high):
        middle = np.floor((low + high) / 2)
        is_enough = (low == high) | holds(np.minimum(middle, n))
        low, high = np.where(is_enough, low, middle + 1), np.where(is_enough, middle, high)
    return low


def simulated_outlook(scores: Scores, *, bar: float, plan: SimulatedPlan) -> Outlook:
    """Return how the stop rule of a bet ends for scores of this distribution, from some runs.

    Args:
        scores: Their distribution; the counts are weights.
        bar: Of the criterion.
        plan: What is simulated.
    """
    rng, weights = np.random.default_rng(plan.seed), np.array(scores.counts) / scores.n
    readings = []
    for _ in range(plan.runs):
        drawn = rng.choice(np.array(scores.values), p=weights, size=plan.most_samples)
        readings.append(
            read_prefix(drawn, drawn, bar=bar, path=BetPath, thresholds=plan.thresholds)
        )
    return Outlook(
        above=sum(reading.is_above is True for reading in readings) / plan.runs,
        below=sum(reading.is_above is False for reading in readings) / plan.runs,
        unsettled=sum(reading.is_above is None for reading in readings) / plan.runs,
        mean_samples=sum(reading.n for reading in readings) / plan.runs,
    )


def paired_scores(*, discordance: float, gap: float) -> Scores:
    """Return the distribution of paired 0/1 scores to bet on, as `pairedclaims.table_scores`.

    Args:
        discordance: The rate of samples that one of the two gets right and the other does not.
        gap: The true difference, candidate minus incumbent.
    """
    lost, won = (discordance - gap) / 2, (discordance + gap) / 2
    return Scores((0.0, 0.5, 1.0), (lost, 1 - discordance, won))
