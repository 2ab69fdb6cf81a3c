"""How a comparison with the incumbent will probably go under a stop rule, from simulated runs.

Coarse, to be quick: the evidence is read whenever a run has grown by 3 % and not after every
sample, so runs seem to stop some 3 % later than they will. The bet hangs on how many
samples were lost, alike and won, and not on their order; so runs are drawn as counts.
"""

from functools import lru_cache
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from evals.domain.betting import SHARE_WEIGHTS, SHARES
from evals.domain.outlook import Outlook
from evals.domain.sequential import TINY, Floats
from evals.domain.settling import Thresholds

RUNS = 300
FIRST_LOOK = 10
STEP = 1.03
SEED = 20_261_122
PAIRED = np.array([0.0, 0.5, 1.0])  # lost, alike, won: as `pairedclaims.table_scores`


@lru_cache(maxsize=512)
def paired_outlook(
    margin: float, discordance: float, *, thresholds: Thresholds, most_samples: int, gap: float = 0
) -> Outlook:
    """Return how the stop rule ends for a margin against the incumbent; "above" is GO.

    Args:
        margin: By how much the candidate may be worse, above 0.
        discordance: The rate of samples that one of the two gets right and the other does not.
        thresholds: From `multiplicity.stop_thresholds`.
        most_samples: Shared samples there are, at least 1; the run ends with them.
        gap: The true difference, candidate minus incumbent; at most the discordance in size.

    Raises:
        ValueError: If there is no sample, or the gap exceeds the discordance.
    """
    if most_samples < 1 or not abs(gap) <= discordance <= 1:
        raise ValueError(f"need a sample and |gap| <= discordance <= 1, got {most_samples}, {gap}")
    looks = _looks(most_samples)
    counts = _drawn_counts(looks, discordance, gap)
    bar = max((1 - margin) / 2, TINY)
    up, down = _log_growth(PAIRED, bar), _log_growth(1 - PAIRED, 1 - bar)
    alive, above, below, mean = np.arange(RUNS), 0, 0, 0.0
    for look, n in enumerate(looks):
        drawn = counts[alive, look]
        is_above = _log_evidence(drawn @ up) >= thresholds.above
        is_below = ~is_above & (_log_evidence(drawn @ down) >= thresholds.below)
        stopped = is_above | is_below
        above, below = above + int(is_above.sum()), below + int(is_below.sum())
        mean += float(n) * int(stopped.sum())
        alive = alive[~stopped]
    return Outlook(
        above=above / RUNS,
        below=below / RUNS,
        unsettled=len(alive) / RUNS,
        mean_samples=(mean + len(alive) * most_samples) / RUNS,
    )


def _looks(most_samples: int) -> Floats:
    """Return after how many samples the evidence is read, the last one among them."""
    count = max(1, ceil(log(most_samples / FIRST_LOOK) / log(STEP)))
    first = min(FIRST_LOOK, most_samples)
    return np.unique(np.geomspace(first, most_samples, count + 1).round())


def _drawn_counts(looks: Floats, discordance: float, gap: float) -> NDArray[np.int64]:
    """Return how many samples each run has lost, alike and won at each look."""
    rng = np.random.default_rng(SEED)
    chances = [(discordance - gap) / 2, 1 - discordance, (discordance + gap) / 2]
    steps = np.diff(looks, prepend=0).astype(int)
    return np.asarray(rng.multinomial(steps, chances, size=(RUNS, len(looks))).cumsum(axis=1))


def _log_growth(scores: Floats, bar: float) -> Floats:
    """Return by which each score multiplies the wealth of each share, as logarithms."""
    return np.log1p(SHARES * (scores[:, np.newaxis] / bar - 1))


def _log_evidence(wealth: Floats) -> Floats:
    """Return the log of the wealth averaged over the shares, the last axis."""
    top = wealth.max(axis=-1)
    return np.asarray(top + np.log(np.exp(wealth - top[:, np.newaxis]) @ SHARE_WEIGHTS))
