"""How a run under the stop rule will probably go, before it starts, for an assumed true rate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evals.domain.betting import BetPath, Scores
from evals.domain.sequential import Floats, log_evidence_above, log_evidence_below
from evals.domain.settling import Thresholds, read_prefix

FIRST_BLOCK = 256  # samples whose boundaries are found at once; each block is twice the one before
NEGLIGIBLE = 1e-7  # a chance to go on that is no longer followed
STRIDE = 16  # boundaries rise with n, so every sixteenth one brackets those between


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


def boundaries(bar: float, thresholds: Thresholds, most_samples: int) -> Boundaries:
    """Return where the stop rule of a rate stops, for 1..most_samples samples.

    `above` is n + 1 and `below` is -1 where no count stops it.
    """
    blocks = [_block(bar, thresholds, first, last) for first, last in _block_ranges(most_samples)]
    above, below = ([getattr(block, side) for block in blocks] for side in ("above", "below"))
    return Boundaries(np.concatenate(above), np.concatenate(below))


@lru_cache(maxsize=512)
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
    walk = _Walk(rate, most_samples)
    for first, last in _block_ranges(most_samples):
        walk.follow(_block(bar, thresholds, first, last))
        if walk.alive_chance < NEGLIGIBLE:
            break
    return walk.outlook()


class _Walk:
    """The chances of all counts of passes that have not stopped yet, sample by sample."""

    def __init__(self, rate: float, most_samples: int) -> None:
        self._rate = rate
        self._alive = np.zeros(most_samples + 2)
        self._alive[0] = 1.0
        self._low = self._high = 0
        self._above = self._below = self._mean = 0.0

    @property
    def alive_chance(self) -> float:
        """The chance that nothing has stopped the run so far."""
        return 1 - self._above - self._below

    def follow(self, limits: Boundaries) -> None:
        """Read the samples that these boundaries are for."""
        for top, bottom in zip(limits.above.astype(int), limits.below.astype(int), strict=True):
            self._mean += self.alive_chance
            self._read_one()
            low, high = self._low, self._high
            self._above += _absorbed(self._alive[max(low, top) : high + 1])
            self._below += _absorbed(self._alive[low : bottom + 1])
            self._low, self._high = max(low, bottom + 1), min(high, top - 1)

    def outlook(self) -> Outlook:
        """Return the chances and the mean so far."""
        return Outlook(
            above=self._above,
            below=self._below,
            unsettled=max(0.0, 1 - self._above - self._below),
            mean_samples=self._mean,
        )

    def _read_one(self) -> None:
        alive, rate, low = self._alive, self._rate, self._low
        self._high = high = self._high + 1
        alive[low + 1 : high + 1] = alive[low + 1 : high + 1] * (1 - rate) + alive[low:high] * rate
        alive[low] *= 1 - rate


def _block_ranges(most_samples: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last sample of each block."""
    first, last = 1, FIRST_BLOCK
    while first <= most_samples:
        yield first, min(last, most_samples)
        first, last = last + 1, 2 * last


@lru_cache(maxsize=256)
def _block(bar: float, thresholds: Thresholds, first: int, last: int) -> Boundaries:
    """Return where the stop rule stops after `first`..`last` samples."""
    n = np.arange(float(first), last + 1)
    above = _least(n, lambda k, n: log_evidence_above(k, n, bar=bar) >= thresholds.above)
    below = _least(n, lambda k, n: log_evidence_below(k, n, bar=bar) < thresholds.below) - 1
    return Boundaries(above, below)


def _absorbed(stopped: Floats) -> float:
    """Return the chance of the counts that stop here, and take it out."""
    chance = float(stopped.sum())
    stopped[:] = 0.0
    return chance


def _least(n: Floats, holds: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Floats:
    """Return for each n the smallest count for which a rising condition holds, n + 1 if none.

    It may not fall as n rises, and rises by one at most from each n to the next.
    """
    knots = n[::STRIDE]
    sparse = _bisected(knots, np.zeros_like(knots), knots + 1, holds)
    low = np.repeat(sparse, STRIDE)[: len(n)]
    steps = np.arange(len(n)) % STRIDE
    return _bisected(n, low, low + steps, holds)


def _bisected(
    n: Floats, low: Floats, high: Floats, holds: Callable[[Floats, Floats], NDArray[np.bool_]]
) -> Floats:
    """Return the smallest counts in low..high for which the condition holds, `high` if none."""
    while np.any(low < high):
        middle = np.floor((low + high) / 2)
        is_enough = (low == high) | holds(np.minimum(middle, n), n)
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
    """Return the distribution of paired 0/1 scores to bet on: 0 lost, 1/2 alike, 1 won.

    Args:
        discordance: The rate of samples that one of the two gets right and the other does not.
        gap: The true difference, candidate minus incumbent.
    """
    lost, won = (discordance - gap) / 2, (discordance + gap) / 2
    return Scores((0.0, 0.5, 1.0), (lost, 1 - discordance, won))
