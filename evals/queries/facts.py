"""What the database counts of runs: the facts that verdicts and pages rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from evals.domain.costs import UsageSums
from evals.domain.metrics import (
    Counts,
    LatencyFacts,
    RunFacts,
    ScoreFacts,
)
from evals.domain.specs import GRADED, CandidateSpec, EndpointKind, PriceSpec, ScorerSpec, Spec
from evals.domain.trials import TRUNCATED
from evals.models import Evaluation, Run
from evals.queries.bandedcosts import FRESH, REQUESTS, PricedRun, banded_costs
from evals.queries.costfacts import cost_facts, is_banded, usage_sums
from evals.queries.latencyfacts import EACH_AFTER_FIRST, RunLatencies, Timed, run_latencies
from evals.queries.states import JUDGED_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFacts:
    """Tokens and requests of a run; None where some trial's tokens are unknown.

    Tokens are those of every answer, reused ones too; requests are those that this run sent.
    `longest_input` is the longest prompt that is known.
    """

    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    requests: int
    longest_input: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything that was counted for one run. `reused` trials were answered by an earlier one.

    `sums` are the tokens that its cost per task rests on, None where some are unknown.
    """

    facts: RunFacts
    usage: UsageFacts
    reused: int
    sums: UsageSums | None = None


def count_runs(
    evaluation: Evaluation,
    spec: Spec,
    runs: Sequence[Run],
    *,
    places: Mapping[int, int] | None = None,
) -> dict[int, Counted]:
    """Return the facts of each run by its id, in two queries whatever their number.

    Where a price hangs on caches or on the length of prompts, and any were, it is one more.
    `places` says of each run how much of its order counts; by default all of it does.
    """
    limits = [evaluation.sample_count if places is None else places[run.pk] for run in runs]
    rows = _aggregates([run.pk for run in runs], limits, spec)
    prices = {run.pk: spec.candidates[run.position].price for run in runs}
    for run_id, banded in banded_costs(_banded(prices, rows, limits)).items():
        rows[run_id]["banded"] = banded
    timed = {
        run.pk: Timed(counts=_timed(rows[run.pk]), places=limit)
        for run, limit in zip(runs, limits, strict=True)
        if rows[run.pk]["timed"]
    }
    latencies, unknown = run_latencies(timed), RunLatencies()
    return {
        run.pk: _counted(
            evaluation,
            spec,
            spec.candidates[run.position],
            rows[run.pk] | {"places": limit},
            latencies.get(run.pk, unknown),
        )
        for run, limit in zip(runs, limits, strict=True)
    }


def _banded(
    prices: Mapping[int, PriceSpec | None],
    rows: Mapping[int, Mapping[str, Any]],
    limits: Sequence[int],
) -> list[PricedRun]:
    places = dict(zip(prices, limits, strict=True))
    return [
        PricedRun(run_id, places[run_id], price)
        for run_id, price in prices.items()
        if price is not None and is_banded(price, rows[run_id])
    ]


def _aggregates(
    run_ids: Sequence[int], limits: Sequence[int], spec: Spec
) -> dict[int, dict[str, Any]]:
    columns, parameters = _columns(spec.scorers)
    statement = (
        f"SELECT run.id AS run_id, {', '.join(columns)} "  # noqa: S608
        "FROM unnest(%s::bigint[], %s::int[]) AS run(id, places) "
        "LEFT JOIN evals_trial t ON t.run_id = run.id AND t.place < run.places GROUP BY run.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, list(run_ids), list(limits)])
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["run_id"]: row for row in found}


def _columns(scorers: Sequence[ScorerSpec]) -> tuple[list[str], list[Any]]:
    """Return the aggregate expressions and their parameters, in the same order."""
    judged = "t.state IN ('" + "', '".join(JUDGED_STATES) + "')"
    columns = [
        *(
            f"count(*) FILTER (WHERE t.state = '{state}') AS {state}"
            for state in ("ok", "no_answer", "model_error", "infra_error", "scorer_error")
        ),
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


def _timed(row: Mapping[str, Any]) -> tuple[int, int, int]:
    return row["timed"], row["streamed"], row["per_token"]


def _in_flight(candidate: CandidateSpec, row: Mapping[str, Any]) -> float | None:
    """Return how many requests were under way on average, by Little's law: time over time.

    It is unknown for recorded answers, and where one moment holds them all.
    """
    first, last, busy = row["first_asked"], row["last_stored"], row["paid_seconds"]
    if candidate.endpoint.kind is EndpointKind.RECORDED or None in (first, last, busy):
        return None
    seconds = float(last) - float(first)
    return float(busy) / seconds if seconds > 0 else None


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


def _counted(
    evaluation: Evaluation,
    spec: Spec,
    candidate: CandidateSpec,
    row: Mapping[str, Any],
    latencies: RunLatencies,
) -> Counted:
    planned = row["places"] * evaluation.epochs
    stored = sum(row[state] for state in ("ok", "no_answer", "model_error", "infra_error", "scorer_error"))  # noqa: E501  # fmt: skip
    whole_set = evaluation.version.sample_count * evaluation.epochs
    counts = Counts(
        ok=row["ok"],
        no_answer=row["no_answer"],
        model_error=row["model_error"],
        infra_error=row["infra_error"],
        scorer_error=row["scorer_error"],
        skipped=whole_set - stored,
        truncated=row["truncated"],
    )
    latency = LatencyFacts(
        n=row["timed"],
        quantiles=latencies.quantiles,
        first_token=latencies.first_token,
        first_token_n=row["streamed"],
        per_token=latencies.per_token,
        per_token_n=row["per_token"],
        in_flight=_in_flight(candidate, row),
    )
    facts = RunFacts(
        counts=counts,
        planned=planned,
        epochs=evaluation.epochs,
        has_clusters=spec.eval_set.cluster is not None,
        scores={s.name: _score(i, s.name, row) for i, s in enumerate(spec.scorers)},
        latency=latency,
        cost=cost_facts(candidate, counts, row),
    )
    return Counted(
        facts=facts,
        usage=_usage(row, counts),
        reused=row["reused"],
        sums=usage_sums(counts, row),
    )


def _score(place: int, name: str, row: Mapping[str, Any]) -> ScoreFacts:
    return ScoreFacts(
        metric=name,
        n=row[f"n_{place}"],
        total=row[f"total_{place}"] or 0.0,
        squares=row[f"squares_{place}"] or 0.0,
        ones=row[f"ones_{place}"],
        zeros=row[f"zeros_{place}"],
        is_graded=name in GRADED,
    )


def _usage(row: Mapping[str, Any], counts: Counts) -> UsageFacts:
    """Return the sums; a server that counts tokens says nothing of cached ones it has none of."""
    answered = counts.ok + counts.no_answer
    return UsageFacts(
        input_tokens=_sum(row, "input", at_least=answered),
        output_tokens=_sum(row, "output", at_least=answered),
        cached_tokens=_sum(row, "cached", at_least=1),
        cache_write_tokens=_sum(row, "cache_write", at_least=1),
        reasoning_tokens=_sum(row, "reasoning", at_least=1),
        requests=int(row["requests"]),
        longest_input=row["longest_input"],
    )


def _sum(row: Mapping[str, Any], name: str, *, at_least: int) -> int | None:
    known = row[f"{name}_known"]
    return int(row[f"{name}_tokens"]) if known and known >= at_least else None
