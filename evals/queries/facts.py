"""What the database counts of runs: the facts that verdicts and pages rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from evals.domain.metrics import (
    LATENCY_QUANTILES,
    ClusterMeans,
    Counts,
    LatencyFacts,
    Quantile,
    RunFacts,
    ScoreFacts,
)
from evals.domain.specs import CandidateSpec, CriterionSpec, ScorerSpec, Spec
from evals.models import Evaluation, Run
from evals.queries.clusters import cluster_means
from evals.queries.costfacts import cost_facts
from evals.queries.latencyfacts import latency_quantiles
from evals.queries.states import JUDGED_STATES

GRADED = frozenset({"f1", "lm_eval"})  # scorers that can give partial credit


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFacts:
    """Tokens and requests of a run; None where some trial's tokens are unknown."""

    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything that was counted for one run."""

    facts: RunFacts
    usage: UsageFacts


def latency_thresholds(bar: Sequence[CriterionSpec]) -> list[float]:
    """Return the thresholds in seconds that the bar's latency criteria name."""
    return sorted({c.threshold for c in bar if c.metric in LATENCY_QUANTILES})


def count_runs(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> dict[int, Counted]:
    """Return the facts of each run by its id, in two queries whatever their number.

    An eval set with clusters takes one more for each scorer.
    """
    clusters = cluster_means(evaluation, spec, runs)
    rows = _aggregates([run.pk for run in runs], spec)
    quantiles = latency_quantiles({pk: row["timed"] for pk, row in rows.items() if row["timed"]})
    counted = {
        run.pk: _counted(
            evaluation, spec, spec.candidates[run.position], rows[run.pk], quantiles.get(run.pk, {})
        )
        for run in runs
    }
    return {pk: _with_clusters(pk, value, clusters) for pk, value in counted.items()}


def _with_clusters(
    run_id: int, counted: Counted, clusters: Mapping[tuple[int, str], ClusterMeans]
) -> Counted:
    if not clusters:
        return counted
    scores = {
        name: replace(score, clusters=clusters[run_id, name])
        for name, score in counted.facts.scores.items()
    }
    return replace(counted, facts=replace(counted.facts, scores=scores))


def _aggregates(run_ids: Sequence[int], spec: Spec) -> dict[int, dict[str, Any]]:
    columns, parameters = _columns(spec.scorers, spec.bar)
    statement = (
        f"SELECT run.id AS run_id, {', '.join(columns)} FROM evals_run run "  # noqa: S608
        "LEFT JOIN evals_trial t ON t.run_id = run.id "
        "WHERE run.id = ANY(%s) GROUP BY run.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, list(run_ids)])
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["run_id"]: row for row in found}


def _columns(
    scorers: Sequence[ScorerSpec], bar: Sequence[CriterionSpec]
) -> tuple[list[str], list[Any]]:
    """Return the aggregate expressions and their parameters, in the same order."""
    judged = "t.state IN ('" + "', '".join(JUDGED_STATES) + "')"
    columns = [
        *(
            f"count(*) FILTER (WHERE t.state = '{state}') AS {state}"
            for state in ("ok", "no_answer", "model_error", "infra_error", "scorer_error")
        ),
        f"count(t.latency_seconds) FILTER (WHERE {judged}) AS timed",
        f"sum(t.latency_seconds) FILTER (WHERE {judged}) AS seconds",
        f"sum(t.latency_seconds ^ 2) FILTER (WHERE {judged}) AS seconds_squared",
        "coalesce(sum(t.attempts), 0) AS requests",
        *_token_columns(judged),
    ]
    parameters: list[Any] = []
    for place, scorer in enumerate(scorers):
        columns += _score_columns(place, judged)
        parameters += [scorer.name] * 5
    for place, seconds in enumerate(latency_thresholds(bar)):
        columns.append(
            # A request that was refused for good was no fast answer, however fast the refusal.
            f"count(*) FILTER (WHERE {judged} AND t.state <> 'model_error' "
            f"AND t.latency_seconds <= %s) AS within_{place}"
        )
        parameters.append(seconds)
    return columns, parameters


def _token_columns(judged: str) -> Iterable[str]:
    for name in ("input", "output", "cached", "reasoning"):
        yield f"sum(t.{name}_tokens) AS {name}_tokens"
        yield f"count(t.{name}_tokens) AS {name}_known"
    both = f"FILTER (WHERE {judged} AND t.input_tokens IS NOT NULL AND t.output_tokens IS NOT NULL)"
    yield f"count(*) {both} AS counted"
    pairs = {"i": "t.input_tokens", "o": "t.output_tokens", "r": "t.attempts"}
    for name, column in pairs.items():
        yield f"sum({column}) {both} AS sum_{name}"
    # Two values of these columns multiply within a bigint; sums of bigints are exact.
    for one, two in ("ii", "oo", "rr", "io", "ir", "or"):
        yield f"sum({pairs[one]}::bigint * {pairs[two]}) {both} AS sum_{one}{two}"
    yield f"sum(t.attempts) FILTER (WHERE {judged}) AS judged_requests"
    yield f"sum(t.attempts::bigint * t.attempts) FILTER (WHERE {judged}) AS judged_requests_squared"


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
    quantiles: Mapping[float, Quantile],
) -> Counted:
    planned = evaluation.sample_count * evaluation.epochs
    stored = sum(row[state] for state in ("ok", "no_answer", "model_error", "infra_error", "scorer_error"))  # noqa: E501  # fmt: skip
    whole_set = evaluation.version.sample_count * evaluation.epochs
    counts = Counts(
        ok=row["ok"],
        no_answer=row["no_answer"],
        model_error=row["model_error"],
        infra_error=row["infra_error"],
        scorer_error=row["scorer_error"],
        skipped=whole_set - stored,
    )
    latency = LatencyFacts(
        n=row["timed"],
        within={s: row[f"within_{i}"] for i, s in enumerate(latency_thresholds(spec.bar))},
        quantiles=quantiles,
    )
    facts = RunFacts(
        counts=counts,
        planned=planned,
        epochs=evaluation.epochs,
        scores={s.name: _score(i, s.name, row) for i, s in enumerate(spec.scorers)},
        latency=latency,
        cost=cost_facts(candidate, counts, row),
    )
    return Counted(facts=facts, usage=_usage(row, counts))


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
        reasoning_tokens=_sum(row, "reasoning", at_least=1),
        requests=int(row["requests"]),
    )


def _sum(row: Mapping[str, Any], name: str, *, at_least: int) -> int | None:
    known = row[f"{name}_known"]
    return int(row[f"{name}_tokens"]) if known and known >= at_least else None
