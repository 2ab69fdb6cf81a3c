"""What the database counts of runs: the facts that verdicts and pages rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.domain.costs import UsageSums
from evals.domain.metrics import (
    Counts,
    LatencyFacts,
    RunFacts,
    ScoreFacts,
)
from evals.domain.specs import GRADED, CandidateSpec, EndpointKind, Spec
from evals.models import Evaluation, Run
from evals.queries.bandedcosts import PricedStretch, banded_costs
from evals.queries.costfacts import cost_facts, is_banded, usage_sums
from evals.queries.latencyfacts import RunLatencies, Timed, run_latencies
from evals.queries.stretches import Stretch
from evals.queries.trialsums import STATES, Sums, trial_sums


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
    stretches = [Stretch.of_run(run.pk, limit) for run, limit in zip(runs, limits, strict=True)]
    sums = trial_sums(stretches, spec)
    prices = {run.pk: spec.candidates[run.position].price for run in runs}
    rows = {
        run.pk: sums[run.pk] | {"places": limit} for run, limit in zip(runs, limits, strict=True)
    }
    priced = [
        PricedStretch(stretch, price)
        for stretch in stretches
        if (price := prices[stretch.run_id]) and is_banded(price, rows[stretch.part])
    ]
    for part, banded in banded_costs(priced).items():
        rows[part]["banded"] = banded
    latencies = run_latencies(_timed(rows))
    return counted_of(evaluation, spec, runs, rows, latencies)


def counted_of(
    evaluation: Evaluation,
    spec: Spec,
    runs: Sequence[Run],
    rows: Mapping[int, Sums],
    latencies: Mapping[int, RunLatencies],
) -> dict[int, Counted]:
    """Return the facts of each run from its sums, `places` and `banded` among them."""
    return {
        run.pk: _counted(
            evaluation,
            spec,
            spec.candidates[run.position],
            rows[run.pk],
            latencies.get(run.pk, RunLatencies()),
        )
        for run in runs
    }


def _timed(rows: Mapping[int, Sums]) -> dict[int, Timed]:
    return {
        run_id: Timed(
            counts=(row["timed"], row["streamed"], row["per_token"]), places=row["places"]
        )
        for run_id, row in rows.items()
        if row["timed"]
    }


def _in_flight(candidate: CandidateSpec, row: Mapping[str, Any]) -> float | None:
    """Return how many requests were under way on average, by Little's law: time over time.

    It is unknown for recorded answers, and where one moment holds them all.
    """
    first, last, busy = row["first_asked"], row["last_stored"], row["paid_seconds"]
    if candidate.endpoint.kind is EndpointKind.RECORDED or None in (first, last, busy):
        return None
    seconds = float(last) - float(first)
    return float(busy) / seconds if seconds > 0 else None


def _counted(
    evaluation: Evaluation,
    spec: Spec,
    candidate: CandidateSpec,
    row: Mapping[str, Any],
    latencies: RunLatencies,
) -> Counted:
    planned = row["places"] * evaluation.epochs
    stored = sum(row[state] for state in STATES)
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
