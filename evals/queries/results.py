"""Results as documents: the shapes of the result file, the API and a verdict's grounds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from evals.domain.bars import CriterionResult, judge
from evals.domain.costs import summarise_costs
from evals.domain.intervals import probability_at_least
from evals.domain.metrics import LATENCY_QUANTILES, Metric, Quantile, RunFacts, summarise
from evals.domain.paired import PairedTable
from evals.domain.specs import CandidateSpec, Comparator, PlanSpec, Spec
from evals.domain.verdicts import Standing, Verdict, decide, overall, sentence
from evals.models import Evaluation, Run, VerdictRow
from evals.models.evaluations import FINAL
from evals.queries.facts import GRADED, Counted, count_runs
from evals.queries.states import JUDGED_STATES

SCHEMA = "viability.evaluation/1"
Document = dict[str, Any]


def evaluation_document(
    evaluation: Evaluation, spec: Spec, *, require_all: bool = False
) -> Document:
    """Return the whole result: stored verdicts where the evaluation ended, else what is counted."""
    candidates = candidate_documents(evaluation, spec)
    return {
        "schema": SCHEMA,
        "task": spec.task.name,
        "evaluation": evaluation.number,
        "state": evaluation.state,
        "created_at": evaluation.created_at.isoformat(),
        "eval_set": {
            "sha256": evaluation.version.sha256,
            "samples": evaluation.version.sample_count,
        },
        "plan": plan_document(spec.plan),
        "incumbent": spec.incumbent,
        "candidates": candidates,
        "verdict": overall(standings(candidates, spec), require_all=require_all).value,
    }


def standings(candidates: Sequence[Mapping[str, Any]], spec: Spec) -> list[Standing]:
    """Return the candidates as the overall verdict sees them."""
    return [
        Standing(
            is_open=document["open"],
            is_incumbent=document["name"] == spec.incumbent,
            verdict=Verdict(document["verdict"]) if document["verdict"] else None,
        )
        for document in candidates
    ]


def candidate_documents(evaluation: Evaluation, spec: Spec) -> list[Document]:
    """Return one document per candidate in the order of the spec."""
    runs = list(evaluation.runs.order_by("position"))
    stored = {
        row.run_id: row.grounds["result"]
        for row in VerdictRow.objects.filter(run__evaluation=evaluation)
    }
    if len(stored) == len(runs):
        return [stored[run.pk] for run in runs]
    return computed_documents(evaluation, spec, runs)


def computed_documents(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> list[Document]:
    """Return the documents as counted now; a run that has not ended has no verdict."""
    counted = count_runs(evaluation, spec, runs)
    tables = paired_tables(spec, runs)
    return [_document(spec, run, counted[run.pk], tables.get(run.pk)) for run in runs]


def paired_tables(spec: Spec, runs: Sequence[Run]) -> dict[int, PairedTable]:
    """Return each run's table against the incumbent by the first scorer, in one query."""
    incumbent = next((run for run in runs if run.is_incumbent), None)
    metric = spec.scorers[0].name
    if incumbent is None or metric in GRADED:
        return {}
    statement = (
        "SELECT c.run_id, "
        "count(*) FILTER (WHERE c.passed AND i.passed), "
        "count(*) FILTER (WHERE c.passed AND NOT i.passed), "
        "count(*) FILTER (WHERE NOT c.passed AND i.passed), "
        "count(*) FILTER (WHERE NOT c.passed AND NOT i.passed) FROM "
        "(SELECT run_id, sample_id, epoch, (scores ->> %s)::float8 = 1 AS passed "
        " FROM evals_trial WHERE run_id = ANY(%s) AND state = ANY(%s)) c JOIN "
        "(SELECT sample_id, epoch, (scores ->> %s)::float8 = 1 AS passed "
        " FROM evals_trial WHERE run_id = %s AND state = ANY(%s)) i "
        "ON i.sample_id = c.sample_id AND i.epoch = c.epoch GROUP BY c.run_id"
    )
    others = [run.pk for run in runs if not run.is_incumbent]
    with connection.cursor() as cursor:
        cursor.execute(
            statement, [metric, others, JUDGED_STATES, metric, incumbent.pk, JUDGED_STATES]
        )
        return {
            run_id: PairedTable(both=both, only_candidate=won, only_incumbent=lost, neither=neither)
            for run_id, both, won, lost, neither in cursor.fetchall()
        }


def plan_document(plan: PlanSpec) -> Document:
    """Return what the plan fixed before the first result."""
    return {
        "alpha": plan.alpha,
        "seed": plan.seed,
        "epochs": plan.epochs,
        "stop_early": plan.stop_early,
        "max_samples": plan.max_samples,
        "budget_usd": _number(plan.budget_usd),
    }


def _document(spec: Spec, run: Run, counted: Counted, table: PairedTable | None) -> Document:
    candidate, facts = spec.candidates[run.position], counted.facts
    results = [judge(criterion, facts, alpha=spec.plan.alpha) for criterion in spec.bar]
    ended = run.state in FINAL
    verdict = decide(results) if ended and not run.is_incumbent else None
    return {
        "name": candidate.name,
        "open": candidate.model.open,
        "simulated": candidate.is_simulated,
        "state": run.state,
        "message": run.message,
        "verdict": verdict.value if verdict else None,
        "sentence": _sentence(candidate, run, verdict, results, facts),
        "trials": _trials(facts),
        "metrics": [_metric(metric) for metric in summarise(facts)],
        "criteria": [_criterion(result, facts, ended=ended) for result in results],
        "paired": _paired(spec, table),
        "usage": {
            "input_tokens": counted.usage.input_tokens,
            "output_tokens": counted.usage.output_tokens,
            "cached_tokens": counted.usage.cached_tokens,
            "reasoning_tokens": counted.usage.reasoning_tokens,
            "requests": counted.usage.requests,
        },
        "latency": _latency(facts),
        "cost": _cost(spec, candidate, facts),
    }


def _sentence(
    candidate: CandidateSpec,
    run: Run,
    verdict: Verdict | None,
    results: Sequence[CriterionResult],
    facts: RunFacts,
) -> str:
    if run.state not in FINAL:
        return f"{candidate.name}: {run.message or run.state}"
    return sentence(name=candidate.name, verdict=verdict, results=results, facts=facts)


def _trials(facts: RunFacts) -> Document:
    counts = facts.counts
    return {
        "ok": counts.ok,
        "no_answer": counts.no_answer,
        "model_error": counts.model_error,
        "infra_error": counts.infra_error,
        "scorer_error": counts.scorer_error,
        "skipped": counts.skipped,
    }


def _metric(metric: Metric) -> Document:
    return {
        "metric": metric.metric,
        "slice": dict(metric.slice) if metric.slice else None,
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "n": metric.n,
        "passed": metric.passed,
        "method": metric.method,
    }


def _criterion(result: CriterionResult, facts: RunFacts, *, ended: bool) -> Document:
    criterion = result.criterion
    return {
        "metric": criterion.metric,
        "slice": None,
        criterion.comparator.value: criterion.threshold,
        "required": criterion.required,
        # A fixed-n plan is read once: until the run has ended nothing is settled.
        "state": result.state.value if ended else "unsettled",
        "value": result.value,
        "bound": result.bound,
        "n": result.n,
        "samples_needed": result.samples_needed,
        "method": result.method,
        "probability": _probability(result, facts),
    }


def _probability(result: CriterionResult, facts: RunFacts) -> float | None:
    """Return P(true rate >= threshold | flat prior) for a 0/1 metric with an `at_least` bar."""
    score = facts.scores.get(result.criterion.metric)
    if score is None or score.passed is None or not score.n or score.clusters is not None:
        return None
    if facts.epochs > 1:
        return None
    if result.criterion.comparator is not Comparator.AT_LEAST:
        return None
    return probability_at_least(score.passed, score.n, result.criterion.threshold)


def _paired(spec: Spec, table: PairedTable | None) -> Document | None:
    if table is None or not table.n:
        return None
    is_independent = spec.plan.epochs == 1 and spec.eval_set.cluster is None
    interval = table.interval() if is_independent else None
    return {
        "n": table.n,
        "both": table.both,
        "only_candidate": table.only_candidate,
        "only_incumbent": table.only_incumbent,
        "neither": table.neither,
        "difference": table.difference,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "method": "95 % Tango score interval"
        if is_independent
        else "no interval: trials of one sample or cluster depend on each other",
    }


def _latency(facts: RunFacts) -> Document:
    document: Document = {}
    for name, q in LATENCY_QUANTILES.items():
        quantile = facts.latency.quantiles.get(q, Quantile())
        short = name.removeprefix("latency_")
        document[short] = quantile.value
        document[short.replace("_seconds", "_low_seconds")] = quantile.low
        document[short.replace("_seconds", "_high_seconds")] = quantile.high
    return document | {"n": facts.latency.n, "ttft_p50_seconds": None}


def _cost(spec: Spec, candidate: CandidateSpec, facts: RunFacts) -> Document:
    cost, score = facts.cost, facts.scores[spec.scorers[0].name]
    mean_total = Decimal(str(cost.mean)) * cost.n if cost.known and cost.mean is not None else None
    summary = summarise_costs(
        mean_total,
        tasks=cost.n,
        accepted=score.passed,
        task=spec.task,
        estimated=cost.estimated,
    )
    return {
        "total_usd": _number(cost.total_usd) if cost.known else None,
        "per_1k_tasks_usd": _number(summary.per_1k_tasks_usd),
        "per_accepted_usd": _number(summary.per_accepted_usd),
        "monthly_usd": _number(summary.monthly_usd),
        "estimated": summary.estimated,
        "rule": summary.rule.value,
        "price": _price(candidate),
    }


def _price(candidate: CandidateSpec) -> Document | None:
    price = candidate.price
    if price is None:
        return None
    return {
        "input_usd_per_mtok": _number(price.input_usd_per_mtok),
        "output_usd_per_mtok": _number(price.output_usd_per_mtok),
        "usd_per_request": _number(price.usd_per_request),
        "gpu": price.gpu,
        "usd_per_hour": _number(price.usd_per_hour),
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
