"""A run's trials as arrays by the sample's position in its set: what lists and comparisons read.

A run of an evaluation that has ended never changes, so its arrays are kept in this process; those
of a live one are read anew for each page.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import sql

from evals.domain.specs import Spec
from evals.domain.trials import TRUNCATED, TrialState
from evals.domain.trialtables import Flags, TrialTable, Whole
from evals.models import Run
from evals.queries.bandedcosts import REQUESTS
from evals.queries.grounds import trial_table
from evals.queries.kept import Kept
from evals.queries.setlayouts import positions_of

STATES = tuple(state.value for state in TrialState if state is not TrialState.SKIPPED)
NEVER_ASKED = -1
MOST_KEPT_BYTES = 256_000_000
# Each figure as PostgreSQL sends it, with what stands for unknown.
INTEGER, DOUBLE = (
    ("int4send(coalesce(({})::int, -1))", ">i4"),
    (
        "float8send(coalesce(({})::float8, 'NaN'))",
        ">f8",
    ),
)
FIGURES = {
    "sample": ("t.sample_id", ("int8send({})", ">i8")),
    "place": ("t.place", INTEGER),
    "epoch": ("t.epoch", INTEGER),
    "state": ("array_position({states}, t.state::text) - 1", INTEGER),
    "truncated": ("(t.finish_reason = ANY({truncated}))::int", INTEGER),
    "seconds": ("t.latency_seconds", DOUBLE),
    "first": ("t.ttft_seconds", DOUBLE),
    "input": ("t.input_tokens", INTEGER),
    "output": ("t.output_tokens", INTEGER),
    "cached": ("t.cached_tokens", INTEGER),
    "written": ("t.cache_write_tokens", INTEGER),
    "attempts": (REQUESTS, INTEGER),
}

Columns = dict[str, NDArray[Any]]
NOTHING: Columns = {name: np.zeros(0, dtype=np.int64) for name in FIGURES}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunArrays:
    """One run's trials, in arrays of (positions, epochs).

    `places` has each position's place in the run's order, `states` an index into `STATES`, both
    -1 where nothing was asked.
    """

    table: TrialTable
    places: Whole
    states: NDArray[np.int8]
    truncated: Flags

    @property
    def epochs(self) -> int:
        """How often each sample is asked."""
        return self.table.epochs

    def is_in(self, *states: TrialState) -> Flags:
        """Return which trials ended in one of these states."""
        return np.isin(self.states, [STATES.index(state.value) for state in states])

    @property
    def size(self) -> int:
        """Bytes in memory, nearly."""
        figures = len(self.table.scores) + 3
        return 8 * self.places.size + (8 * figures + 5) * self.states.size


_kept: Kept[RunArrays] = Kept(MOST_KEPT_BYTES, size=lambda arrays: arrays.size)


def run_arrays(run: Run, spec: Spec) -> RunArrays:
    """Return the arrays of one run; see `arrays_of`."""
    return arrays_of([run], {run.evaluation_id: spec})[run.pk]


def arrays_of(runs: Sequence[Run], specs: Mapping[int, Spec]) -> dict[int, RunArrays]:
    """Return each run's arrays by its id; select evaluations, of one version, beforehand.

    In one query for all trials that are not kept, and one for the positions of the set's samples
    while these are not kept.

    Args:
        runs: Asked about the same version.
        specs: By the id of the evaluation.
    """
    found = {run.pk: kept for run in runs if (kept := _kept.peek(_key(run)))}
    missing = [run for run in runs if run.pk not in found]
    columns = _columns(missing, _scorers(specs)) if missing else {}
    for run in missing:
        found[run.pk] = _arrays(run, specs[run.evaluation_id], columns.get(run.pk, NOTHING))
        if run.evaluation.finished_at is not None:
            _kept.put(_key(run), found[run.pk])
    return found


def forget_arrays(run: Run) -> None:
    """Have the run read anew: its trials are no longer what they were."""
    _kept.drop(_key(run))


def _key(run: Run) -> Hashable:
    return run.pk, run.evaluation.finished_at


def _scorers(specs: Mapping[int, Spec]) -> tuple[str, ...]:
    names = (scorer.name for spec in specs.values() for scorer in spec.scorers)
    return tuple(dict.fromkeys(names))


def _arrays(run: Run, spec: Spec, columns: Columns) -> RunArrays:
    positions = positions_of(run.evaluation.version_id, columns["sample"])
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
            f"score_{place}": columns.get(f"score of {scorer.name}", ())
            for place, scorer in enumerate(spec.scorers)
        },
    }
    table = trial_table(spec, spec.candidates[run.position], named, shape)
    return RunArrays(table=table, places=places, states=states, truncated=truncated)


def _columns(runs: Sequence[Run], scorers: Sequence[str]) -> dict[int, Columns]:
    """Return each trial's figures by run, nan for unknown; a run without trials has none.

    The database packs each column into one value: a row for each trial takes ten times as long.
    """
    known = {"states": sql.Literal(list(STATES)), "truncated": sql.Literal(list(TRUNCATED))}
    figures = {
        name: (sql.SQL(text).format(**known), form) for name, (text, form) in FIGURES.items()
    }
    for scorer in scorers:
        score = sql.SQL("t.scores ->> {}").format(sql.Literal(scorer))
        figures[f"score of {scorer}"] = (score, DOUBLE)
    packed = [
        sql.SQL("string_agg({}, ''::bytea)").format(sql.SQL(sent).format(text))
        for text, (sent, _) in figures.values()
    ]
    statement = sql.SQL(
        "SELECT t.run_id, {} FROM evals_trial t WHERE t.run_id = ANY({}) GROUP BY t.run_id"
    ).format(sql.SQL(", ").join(packed), sql.Literal([run.pk for run in runs]))
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
    forms = [(name, form) for name, (_, (_, form)) in figures.items()]
    return {
        run_id: {
            name: _unpacked(sent, form) for (name, form), sent in zip(forms, packs, strict=True)
        }
        for run_id, *packs in rows
    }


def _unpacked(sent: bytes, form: str) -> NDArray[Any]:
    values = np.frombuffer(sent, dtype=form)
    if form != INTEGER[1]:
        return values.astype(form[1:])
    return values.astype(np.int64)
