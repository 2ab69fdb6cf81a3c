"""Sums over trials that the database makes: exact where figures are whole, and they add up."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from evals.domain.specs import ScorerSpec, Spec
from evals.domain.trials import TRUNCATED
from evals.queries.bandedcosts import FRESH, REQUESTS
from evals.queries.latencyfacts import EACH_AFTER_FIRST
from evals.queries.states import JUDGED_STATES
from evals.queries.stretches import Stretch

Sums = Mapping[str, Any]
STATES = ("ok", "no_answer", "model_error", "infra_error", "scorer_error")
LEAST, GREATEST = frozenset({"first_asked"}), frozenset({"last_stored", "longest_input"})


def trial_sums(stretches: Sequence[Stretch], spec: Spec) -> dict[int, dict[str, Any]]:
    """Return the sums of each part, in one query; None where there is nothing to add."""
    columns, parameters = _columns(spec.scorers)
    statement = (
        f"SELECT stretch.part, {', '.join(columns)} "  # noqa: S608 - names of our own
        "FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[])"
        " AS stretch(part, run_id, start, stop) "
        "LEFT JOIN evals_trial t ON t.run_id = stretch.run_id"
        " AND t.place >= stretch.start AND t.place < stretch.stop GROUP BY stretch.part"
    )
    ends = [[each.part, each.run_id, each.start, each.stop] for each in stretches]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *map(list, zip(*ends, strict=True))])
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row.pop("part"): row for row in found}


def added(one: Sums, other: Sums) -> dict[str, Any]:
    """Return the sums over the trials of both."""
    return {name: _added(name, one[name], other[name]) for name in one}


def _added(name: str, one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    if name in LEAST:
        return min(one, other)
    return max(one, other) if name in GREATEST else one + other


def _columns(scorers: Sequence[ScorerSpec]) -> tuple[list[str], list[Any]]:
    """Return the aggregate expressions and their parameters, in the same order."""
    judged = "t.state IN ('" + "', '".join(JUDGED_STATES) + "')"
    columns = [
        *(f"count(*) FILTER (WHERE t.state = '{state}') AS {state}" for state in STATES),
        f"count(*) FILTER (WHERE {judged} AND t.finish_reason = ANY(%s)) AS truncated",
        f"count(t.latency_seconds) FILTER (WHERE {judged}) AS timed",
        f"sum(t.latency_seconds) FILTER (WHERE {judged}) AS seconds",
        f"sum(t.latency_seconds ^ 2) FILTER (WHERE {judged}) AS seconds_squared",
        f"sum(t.latency_seconds) FILTER (WHERE {judged} AND NOT t.is_reused) AS paid_seconds",
        *_speed_columns(judged),
        "coalesce(sum(t.attempts), 0) AS requests",
        "max(t.input_tokens) AS longest_input",
        "count(*) FILTER (WHERE t.is_reused) AS reused",
        *_token_columns(judged),
    ]
    parameters: list[Any] = [list(TRUNCATED)]
    for place, scorer in enumerate(scorers):
        columns += _score_columns(place, judged)
        parameters += [scorer.name] * 5
    return columns, parameters


def _speed_columns(judged: str) -> Iterable[str]:
    """Yield how many answers were streamed, and when the first was asked and the last stored."""
    known = f"{judged} AND t.latency_seconds IS NOT NULL"
    yield f"count(t.ttft_seconds) FILTER (WHERE {known}) AS streamed"
    yield f"count({EACH_AFTER_FIRST}) FILTER (WHERE {known}) AS per_token"
    asked = f"FILTER (WHERE {known} AND NOT t.is_reused)"
    yield f"min(extract(epoch FROM t.created_at) - t.latency_seconds) {asked} AS first_asked"
    yield f"max(extract(epoch FROM t.created_at)) {asked} AS last_stored"


def _token_columns(judged: str) -> Iterable[str]:
    for name in ("input", "output", "cached", "cache_write", "reasoning"):
        yield f"sum(t.{name}_tokens) AS {name}_tokens"
        yield f"count(t.{name}_tokens) AS {name}_known"
    for name in ("input", "output"):
        paid = "FILTER (WHERE NOT t.is_reused)"
        yield f"coalesce(sum(t.{name}_tokens) {paid}, 0) AS paid_{name}_tokens"
    both = f"FILTER (WHERE {judged} AND t.input_tokens IS NOT NULL AND t.output_tokens IS NOT NULL)"
    yield f"count(*) {both} AS counted"
    kinds = {"fresh": FRESH, "cached": "t.cached_tokens", "written": "t.cache_write_tokens"}
    for name, column in kinds.items():
        yield f"coalesce(sum({column}) {both}, 0) AS sum_{name}"
    pairs = {"i": "t.input_tokens", "o": "t.output_tokens", "r": REQUESTS}
    for name, column in pairs.items():
        yield f"sum({column}) {both} AS sum_{name}"
    # Two values of these columns multiply within a bigint; sums of bigints are exact.
    for one, two in ("ii", "oo", "rr", "io", "ir", "or"):
        yield f"sum({pairs[one]}::bigint * {pairs[two]}) {both} AS sum_{one}{two}"
    yield f"sum({REQUESTS}) FILTER (WHERE {judged}) AS judged_requests"
    squared = f"{REQUESTS}::bigint * {REQUESTS}"
    yield f"sum({squared}) FILTER (WHERE {judged}) AS judged_requests_squared"


def _score_columns(place: int, judged: str) -> list[str]:
    value = "(t.scores ->> %s)::float8"
    return [
        f"count({value}) FILTER (WHERE {judged}) AS n_{place}",
        f"sum({value}) FILTER (WHERE {judged}) AS total_{place}",
        f"sum({value} ^ 2) FILTER (WHERE {judged}) AS squares_{place}",
        f"count(*) FILTER (WHERE {judged} AND {value} = 1) AS ones_{place}",
        f"count(*) FILTER (WHERE {judged} AND {value} = 0) AS zeros_{place}",
    ]
