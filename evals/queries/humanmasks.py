"""Which trials of a run people have scored, and where they say otherwise than the scorer."""

import numpy as np

from evals.domain.trialtables import Flags
from evals.models import HumanScore, Run
from evals.queries.runarrays import RunArrays

# A pass that a person calls a failure, or the other way round.
AGAINST = 0.5


def human_mask(run: Run, arrays: RunArrays, metric: str, *, how: str) -> Flags:
    """Return the trials that were scored by nobody, by a person, or against the scorer.

    In one query.
    """
    mask = np.zeros_like(arrays.table.stored)
    automatic = arrays.table.scores[metric]
    standing = _standing(run)
    positions = arrays.positions_at(np.array([row[2] for row in standing], dtype=np.int64))
    for (scorer, value, _, epoch), position in zip(standing, positions, strict=True):
        if position < 0:  # a live run may have got more since its arrays were read
            continue
        is_against = scorer == metric and abs(automatic[position, epoch] - value) >= AGAINST
        if how != "against" or is_against:
            mask[position, epoch] = True
    return ~mask if how == "none" else mask


def _standing(run: Run) -> list[tuple[str, float, int, int]]:
    found = HumanScore.objects.filter(trial__run=run, withdrawn_at__isnull=True)
    return list(found.values_list("scorer", "value", "trial__place", "trial__epoch"))
