"""A run's trials as arrays by the sample's position in its set: what lists and comparisons read.

A run of an evaluation that has ended never changes, so its arrays are kept in this process; those
of a live one are read anew for each page.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
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

STATES = tuple(state.value for state in TrialState if state is not TrialState.SKIPPED)
NEVER_ASKED = -1
MOST_KEPT_BYTES = 256_000_000
FIGURES = {
    "position": "s.position",
    "place": "t.place",
    "epoch": "t.epoch",
    "state": "array_position({states}, t.state::text) - 1",
    "truncated": "coalesce(t.finish_reason = ANY({truncated}), false)::int",
    "seconds": "t.latency_seconds",
    "first": "t.ttft_seconds",
    "input": "t.input_tokens",
    "output": "t.output_tokens",
    "cached": "t.cached_tokens",
    "written": "t.cache_write_tokens",
    "attempts": REQUESTS,
}
HEADER, TRAILER = 19, 2  # bytes around the rows of a binary COPY

Key = tuple[int, datetime]


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


def run_arrays(run: Run, spec: Spec) -> RunArrays:
    """Return the run's arrays; select its evaluation and version beforehand.

    Reads every trial by one COPY, or nothing where they are kept.
    """
    ended = run.evaluation.finished_at
    key = None if ended is None else (run.pk, ended)
    if key is not None and (kept := _kept.get(key)):
        return kept
    found = _read(run, spec)
    if key is not None:
        _kept.put(key, found)
    return found


def forget_arrays(run: Run) -> None:
    """Have the run read anew: its trials are no longer what they were."""
    if run.evaluation.finished_at is not None:
        _kept.drop((run.pk, run.evaluation.finished_at))


class _Kept:
    """The arrays that were used last, as many as fit; shared by the process's threads."""

    def __init__(self, most_bytes: int) -> None:
        self._arrays: OrderedDict[Key, RunArrays] = OrderedDict()
        self._most, self._lock = most_bytes, Lock()

    def get(self, key: Key) -> RunArrays | None:
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: Key, arrays: RunArrays) -> None:
        with self._lock:
            self._arrays[key] = arrays
            while len(self._arrays) > 1 and sum(a.size for a in self._arrays.values()) > self._most:
                self._arrays.popitem(last=False)

    def drop(self, key: Key) -> None:
        with self._lock:
            self._arrays.pop(key, None)


_kept = _Kept(MOST_KEPT_BYTES)


def _read(run: Run, spec: Spec) -> RunArrays:
    scorers = [scorer.name for scorer in spec.scorers]
    columns = _columns(run.pk, scorers)
    shape = (run.evaluation.version.sample_count, run.evaluation.epochs)
    at = (columns["position"].astype(np.int64), columns["epoch"].astype(np.int64))
    codes = columns["state"].astype(np.int8)
    places = np.full(shape[0], NEVER_ASKED, dtype=np.int64)
    places[at[0]] = columns["place"].astype(np.int64)
    states = np.full(shape, -1, dtype=np.int8)
    states[at] = codes
    truncated = np.zeros(shape, dtype=np.bool_)
    truncated[at] = columns["truncated"] > 0
    named: Mapping[str, Any] = columns | {
        "place": columns["position"],
        "state": np.array(STATES, dtype=object)[codes],
    }
    table = trial_table(spec, spec.candidates[run.position], named, shape)
    return RunArrays(table=table, places=places, states=states, truncated=truncated)


def _columns(run_id: int, scorers: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return each trial's figures, nan for unknown, as PostgreSQL sends doubles."""
    known = {"states": sql.Literal(list(STATES)), "truncated": sql.Literal(list(TRUNCATED))}
    figures = [sql.SQL(text).format(**known) for text in FIGURES.values()]
    figures += [sql.SQL("(t.scores ->> {})::float8").format(sql.Literal(n)) for n in scorers]
    doubles = [sql.SQL("coalesce(({})::float8, 'NaN')").format(figure) for figure in figures]
    statement = sql.SQL(
        "COPY (SELECT {} FROM evals_trial t JOIN evals_sample s ON s.id = t.sample_id "
        "WHERE t.run_id = {}) TO STDOUT (FORMAT BINARY)"
    ).format(sql.SQL(", ").join(doubles), sql.Literal(run_id))
    names = (*FIGURES, *(f"score_{i}" for i in range(len(scorers))))
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        sent = b"".join(copy)
    return _doubles(sent, names)


def _doubles(sent: bytes, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the columns of a binary COPY whose every field is a double that is not null."""
    fields = [part for name in names for part in ((f"{name} size", ">i4"), (name, ">f8"))]
    row = np.dtype([("fields", ">i2"), *fields])
    rows = np.frombuffer(sent[HEADER : len(sent) - TRAILER], dtype=row)
    return {name: rows[name].astype(np.float64) for name in names}
