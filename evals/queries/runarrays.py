"""A run's trials as arrays by the sample's position in its set: what lists and comparisons read.

A run of an evaluation that has ended never changes, so its arrays are kept in this process; those
of a live one are read anew for each page.
"""

from collections.abc import Mapping, Sequence
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
    """Return the run's arrays; select its evaluation and version beforehand.

    In one query for its trials, or in none where they are kept, and one for the positions of the
    set's samples, while these are not kept.
    """
    ended = run.evaluation.finished_at
    if ended is None:
        return _read(run, spec)
    return _kept.get((run.pk, ended), lambda: _read(run, spec))


def forget_arrays(run: Run) -> None:
    """Have the run read anew: its trials are no longer what they were."""
    _kept.drop((run.pk, run.evaluation.finished_at))


def _read(run: Run, spec: Spec) -> RunArrays:
    scorers = [scorer.name for scorer in spec.scorers]
    columns = _columns(run.pk, scorers)
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
    }
    table = trial_table(spec, spec.candidates[run.position], named, shape)
    return RunArrays(table=table, places=places, states=states, truncated=truncated)


def _columns(run_id: int, scorers: Sequence[str]) -> Columns:
    """Return each trial's figures, nan for unknown.

    The database packs each column into one value: a row for each trial takes ten times as long.
    """
    known = {"states": sql.Literal(list(STATES)), "truncated": sql.Literal(list(TRUNCATED))}
    figures = {
        name: (sql.SQL(text).format(**known), form) for name, (text, form) in FIGURES.items()
    }
    for place, scorer in enumerate(scorers):
        score = sql.SQL("t.scores ->> {}").format(sql.Literal(scorer))
        figures[f"score_{place}"] = (score, DOUBLE)
    packed = [
        sql.SQL("string_agg({}, ''::bytea)").format(sql.SQL(sent).format(text))
        for text, (sent, _) in figures.values()
    ]
    statement = sql.SQL("SELECT {} FROM evals_trial t WHERE t.run_id = {}").format(
        sql.SQL(", ").join(packed), sql.Literal(run_id)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    forms = {name: form for name, (_, (_, form)) in figures.items()}
    return {
        name: _unpacked(sent, form) for (name, form), sent in zip(forms.items(), row, strict=True)
    }


def _unpacked(sent: bytes | None, form: str) -> NDArray[Any]:
    values = np.frombuffer(sent or b"", dtype=form)
    if form != INTEGER[1]:
        return values.astype(form[1:])
    return values.astype(np.int64)
