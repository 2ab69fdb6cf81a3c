"""A run's trials as arrays by the sample's position in its set: what lists and comparisons read.

A run of an evaluation that has ended never changes, so its arrays are kept in this process; those
of a live one are read anew for each page, or every few seconds if it is large.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.domain.specs import Spec
from evals.domain.trials import TrialState
from evals.domain.trialtables import Flags, TrialTable, Whole
from evals.models import Run
from evals.queries.grounds import trial_table
from evals.queries.kept import Kept
from evals.queries.runcolumns import NOTHING, SCORE, STATES, Columns, columns_of

NEVER_ASKED = -1
MOST_KEPT_BYTES = 256_000_000
# A live run with so many samples asked takes long to read: it is shown as it was some seconds ago.
MANY_LIVE = 20_000
LIVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunArrays:
    """One run's trials, in arrays of (positions, epochs).

    `places` has each position's place in the run's order, `states` an index into `STATES`, both
    -1 where nothing was asked; `order` has the positions that were asked, by place.
    """

    table: TrialTable
    places: Whole
    order: Whole
    states: NDArray[np.int8]
    truncated: Flags

    @property
    def epochs(self) -> int:
        """How often each sample is asked."""
        return self.table.epochs

    def is_in(self, *states: TrialState) -> Flags:
        """Return which trials ended in one of these states."""
        found = np.zeros_like(self.truncated)
        for state in states:
            found |= self.states == STATES.index(state.value)
        return found

    def positions_at(self, places: Whole) -> Whole:
        """Return which positions have these places, -1 where none has."""
        asked = self.places[self.order]
        if not len(asked):
            return np.full(len(places), NEVER_ASKED, dtype=np.int64)
        index = np.minimum(np.searchsorted(asked, places), len(asked) - 1)
        return np.where(asked[index] == places, self.order[index], NEVER_ASKED)

    @property
    def size(self) -> int:
        """Bytes in memory, nearly."""
        figures = len(self.table.scores) + 3
        return 16 * self.places.size + (8 * figures + 5) * self.states.size


_kept: Kept[RunArrays] = Kept(MOST_KEPT_BYTES, size=lambda arrays: arrays.size)
_live: Kept[tuple[float, RunArrays]] = Kept(MOST_KEPT_BYTES, size=lambda kept: kept[1].size)


def arrays_of(runs: Sequence[Run], specs: Mapping[int, Spec]) -> dict[int, RunArrays]:
    """Return each run's arrays by its id; select evaluations, of one version, beforehand.

    In one query for all trials that are not kept, and one for the positions of the set's samples
    while these are not kept.

    Args:
        runs: Asked about the same version.
        specs: By the id of the evaluation.
    """
    found = {run.pk: kept for run in runs if (kept := _known(run))}
    missing = [run for run in runs if run.pk not in found]
    columns = columns_of(missing, _scorers(specs)) if missing else {}
    for run in missing:
        found[run.pk] = _arrays(run, specs[run.evaluation_id], columns.get(run.pk, NOTHING))
        _keep(run, found[run.pk])
    return found


def forget_arrays(run: Run) -> None:
    """Have the run read anew: its trials are no longer what they were."""
    _kept.drop(_key(run))
    _live.drop(run.pk)


def _known(run: Run) -> RunArrays | None:
    if run.evaluation.finished_at is not None:
        return _kept.peek(_key(run))
    until, arrays = _live.peek(run.pk) or (0.0, None)
    return arrays if monotonic() < until else None


def _keep(run: Run, arrays: RunArrays) -> None:
    if run.evaluation.finished_at is not None:
        _kept.put(_key(run), arrays)
    elif len(arrays.order) > MANY_LIVE:
        _live.put(run.pk, (monotonic() + LIVE_SECONDS, arrays))


def _key(run: Run) -> Hashable:
    return run.pk, run.evaluation.finished_at


def _scorers(specs: Mapping[int, Spec]) -> tuple[str, ...]:
    names = (scorer.name for spec in specs.values() for scorer in spec.scorers)
    return tuple(dict.fromkeys(names))


def _arrays(run: Run, spec: Spec, columns: Columns) -> RunArrays:
    positions = columns["position"]
    shape = (run.evaluation.version.sample_count, run.evaluation.epochs)
    at = (positions, columns["epoch"])
    places = np.full(shape[0], NEVER_ASKED, dtype=np.int64)
    places[positions] = columns["place"]
    states = np.full(shape, -1, dtype=np.int8)
    states[at] = columns["state"]
    truncated = np.zeros(shape, dtype=np.bool_)
    truncated[at] = columns["truncated"] > 0
    named: Mapping[str, Any] = columns | {
        "place": positions,
        "state": np.array(STATES, dtype=object)[columns["state"]],
        **{
            f"score_{place}": columns.get(f"{SCORE}{scorer.name}", ())
            for place, scorer in enumerate(spec.scorers)
        },
    }
    table = trial_table(spec, spec.candidates[run.position], named, shape)
    by_place = np.full(int(places.max(initial=0)) + 1, NEVER_ASKED, dtype=np.int64)
    by_place[columns["place"]] = positions
    return RunArrays(
        table=table,
        places=places,
        order=by_place[by_place >= 0],
        states=states,
        truncated=truncated,
    )
