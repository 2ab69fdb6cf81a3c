"""The figures of a run's trials as columns, one number for each trial; nan is unknown.

The database packs each column into one value: a row for each trial takes ten times as long. For
large runs that have ended a worker keeps the columns as they were read (`TrialPack`), so nobody
reads their trials again.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import sql

from evals.domain.trials import TRUNCATED, TrialState
from evals.models import Run
from evals.models.evalsets import MOST_POSITIONS
from evals.queries.bandedcosts import REQUESTS

STATES = tuple(state.value for state in TrialState if state is not TrialState.SKIPPED)
SCORE = "score of "
# Each kind as PostgreSQL sends it, and as it is kept.
POSITION = ("int4send(({})::int)", ">i4", "i8")
WHOLE = ("int4send(({})::int)", ">i4", "i4")
COUNT = ("int4send(coalesce(({})::int, -1))", ">i4", "f8")
FIGURE = ("float8send(coalesce(({})::float8, 'NaN'))", ">f8", "f8")
FIGURES = {
    "position": (f"t.sample_id & {MOST_POSITIONS - 1}", POSITION),
    "place": ("t.place", WHOLE),
    "epoch": ("t.epoch", WHOLE),
    "state": ("array_position({states}, t.state::text) - 1", WHOLE),
    "truncated": ("coalesce(t.finish_reason = ANY({truncated}), false)::int", WHOLE),
    "seconds": ("t.latency_seconds", FIGURE),
    "first": ("t.ttft_seconds", FIGURE),
    "input": ("t.input_tokens", COUNT),
    "output": ("t.output_tokens", COUNT),
    "cached": ("t.cached_tokens", COUNT),
    "written": ("t.cache_write_tokens", COUNT),
    "attempts": (REQUESTS, COUNT),
}
NUMBERED = ("position", "place", "epoch", "state", "truncated")  # these are known of every trial
SMALL = (np.int8, np.int16, np.int32)
# In one statement: what is kept, and the trials of the runs of which nothing is.
STATEMENT = (
    "SELECT p.run_id, p.packed, {nothing} FROM evals_trialpack p "
    "WHERE p.run_id = ANY({ended}) AND p.made_at IS NOT NULL UNION ALL "
    "SELECT t.run_id, NULL::bytea, {figures} FROM evals_trial t WHERE t.run_id = ANY(ARRAY("
    "SELECT unnest({runs}::bigint[]) EXCEPT SELECT p.run_id FROM evals_trialpack p "
    "WHERE p.run_id = ANY({ended}) AND p.made_at IS NOT NULL)) GROUP BY t.run_id"
)

Columns = dict[str, NDArray[Any]]
NOTHING: Columns = {name: np.zeros(0, dtype=np.int64) for name in FIGURES}


def columns_of(runs: Sequence[Run], scorers: Sequence[str]) -> dict[int, Columns]:
    """Return each run's columns, `position` in the set among them; without trials a run has none.

    In one query. Select evaluations beforehand.
    """
    figures = {**FIGURES, **{f"{SCORE}{name}": (_score(name), FIGURE) for name in scorers}}
    forms = [(name, *form[1:]) for name, (_, form) in figures.items()]
    with connection.cursor() as cursor:
        cursor.execute(_statement(runs, figures))
        rows = cursor.fetchall()
    found: dict[int, Columns] = {}
    for run_id, packed, *sent in rows:
        if packed is not None:
            found[run_id] = unpacked(packed)
            continue
        columns = {
            name: _read(value, form, kept)
            for (name, form, kept), value in zip(forms, sent, strict=True)
        }
        found[run_id] = columns
    return found


def packed(columns: Columns) -> bytes:
    """Return the columns as one value, in NumPy's own format and its smallest numbers."""
    file = BytesIO()
    np.savez(file, allow_pickle=False, **{name: _small(each) for name, each in columns.items()})
    return file.getvalue()


def unpacked(value: bytes) -> Columns:
    """Return the columns of such a value."""
    with np.load(BytesIO(value), allow_pickle=False) as file:
        return {name: _whole_size(file[name], name) for name in file.files}


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values as whole numbers where all are, the least of their kind for nan."""
    known = values[~np.isnan(values)]
    if (known != np.trunc(known)).any():
        return values
    low, high = (known.min(), known.max()) if len(known) else (0, 0)
    for kind in SMALL:
        if np.iinfo(kind).min < low and high <= np.iinfo(kind).max:
            return np.where(np.isnan(values), np.iinfo(kind).min, values).astype(kind)
    return values


def _whole_size(values: NDArray[Any], name: str) -> NDArray[Any]:
    if name in NUMBERED:
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        return values
    return np.where(values == np.iinfo(values.dtype).min, np.nan, values)


def _score(name: str) -> str:
    return sql.SQL("t.scores ->> {}").format(sql.Literal(name)).as_string(None)


def _statement(runs: Sequence[Run], figures: dict[str, Any]) -> sql.Composed:
    known = {"states": sql.Literal(list(STATES)), "truncated": sql.Literal(list(TRUNCATED))}
    sent = []
    for name, (text, (form, *_)) in figures.items():
        value = sql.SQL(text) if name.startswith(SCORE) else sql.SQL(text).format(**known)
        sent.append(sql.SQL("string_agg({}, ''::bytea)").format(sql.SQL(form).format(value)))
    ended = [run.pk for run in runs if run.evaluation.finished_at is not None]
    return sql.SQL(STATEMENT).format(
        nothing=sql.SQL(", ").join([sql.SQL("NULL::bytea")] * len(sent)),
        figures=sql.SQL(", ").join(sent),
        runs=sql.Literal([run.pk for run in runs]),
        ended=sql.SQL("{}::bigint[]").format(sql.Literal(ended)),
    )


def _read(sent: bytes, form: str, kept: str) -> NDArray[Any]:
    values = np.frombuffer(sent, dtype=form).astype(kept)
    if (form, kept) == COUNT[1:]:
        values[values < 0] = np.nan
    return values
