"""Results as documents: the shapes of the result file, the API and a verdict's grounds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, NamedTuple

from evals.domain.accepting import accepting_scorer
from evals.domain.costs import summarise_costs
from evals.domain.heldcosts import budget_warnings
from evals.domain.methodnotes import method_notes
from evals.domain.metrics import RunFacts, summarise_cost
from evals.domain.pricefigures import price_figures
from evals.domain.specs import CandidateSpec, PlanSpec, Spec
from evals.domain.verdicts import Standing, Verdict, decide, overall, sentence
from evals.models import Evaluation, Run, VerdictRow
from evals.models.evaluations import FINAL, RunState
from evals.queries.cascadedocuments import cascade_documents
from evals.queries.facts import Counted, count_runs
from evals.queries.judgeddocuments import (
    criterion_documents,
    metric_documents,
    paired_document,
    score_metrics,
    sentence_figures,
)
from evals.queries.judgements import Judgement, is_readable, judge_runs
from evals.queries.speeddocuments import latency_document
from evals.queries.unconfirmedcosts import unconfirmed

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
        "method": method_notes(spec),
        "incumbent": spec.incumbent,
        "candidates": candidates,
        "warnings": list(budget_warnings(spec.plan, spec.candidates)),
        "cascades": cascade_documents(evaluation),
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
    """Return the documents as counted now.

    A run that has not ended has no verdict, and none of a cancelled evaluation ever has.
    """
    counted = count_runs(evaluation, spec, runs)
    if not is_readable(spec, runs) or evaluation.state == RunState.CANCELLED:
        return unread_documents(spec, runs, counted)
    judged, read = judge_runs(evaluation, spec, runs), counted
    if spec.plan.stop_early and all(run.state in FINAL for run in runs):
        places = {pk: judgement.places for pk, judgement in judged.items()}
        read = count_runs(evaluation, spec, runs, places=places)
    return [
        _document(spec, run, judged[run.pk], Tally(read[run.pk], counted[run.pk])) for run in runs
    ]


def unread_documents(
    spec: Spec, runs: Sequence[Run], counted: Mapping[int, Counted]
) -> list[Document]:
    """Return the documents of runs whose criteria are not read, from what was counted."""
    return [_document(spec, run, None, Tally(counted[run.pk], counted[run.pk])) for run in runs]


class Tally(NamedTuple):
    """What was counted for one run: of what its figures rest on, and of all that is stored."""

    read: Counted
    stored: Counted


def plan_document(plan: PlanSpec) -> Document:
    """Return what the plan fixed before the first result."""
    skipped = {"skip_samples": plan.skip_samples} if plan.skip_samples else {}
    return {
        "alpha": plan.alpha,
        "seed": plan.seed,
        "epochs": plan.epochs,
        "stop_early": plan.stop_early,
        "max_samples": plan.max_samples,
        **skipped,
        "budget_usd": _number(plan.budget_usd),
    }


def _document(spec: Spec, run: Run, judgement: Judgement | None, tally: Tally) -> Document:
    candidate, facts, usage = spec.candidates[run.position], tally.read.facts, tally.stored.usage
    lost = unconfirmed(run, candidate, tally.stored)
    ended = judgement if run.state in FINAL else None
    verdict = decide(ended.results) if ended and not run.is_incumbent else None
    return {
        "name": candidate.name,
        "open": candidate.model.open,
        "simulated": candidate.is_simulated,
        "state": run.state,
        "message": run.message,
        "verdict": verdict.value if verdict else None,
        "sentence": _sentence(spec, run, verdict, ended, facts),
        "trials": _trials(facts),
        "reused": tally.stored.reused,
        "metrics": metric_documents(score_metrics(judgement, facts)),
        "criteria": criterion_documents(spec, judgement, facts),
        "paired": None if judgement is None else paired_document(spec, judgement.estimator),
        "stopping": _stopping(spec, judgement, tally),
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "requests": usage.requests,
            "unconfirmed_requests": lost.requests,
        },
        "latency": latency_document(candidate, facts),
        "cost": _cost(spec, candidate, tally) | {"unconfirmed_usd": _number(lost.usd)},
    }


def _sentence(
    spec: Spec, run: Run, verdict: Verdict | None, ended: Judgement | None, facts: RunFacts
) -> str:
    name = spec.candidates[run.position].name
    if ended is None:
        said = run.message or run.state
        return f"{name}: {said}; no verdict" if run.state in FINAL else f"{name}: {said}"
    return sentence(
        name=name,
        verdict=verdict,
        results=ended.results,
        figures=sentence_figures(spec, ended, facts),
        facts=facts,
    )


def _stopping(spec: Spec, judgement: Judgement | None, tally: Tally) -> Document | None:
    """Return what the stop rule read and saved; None for a fixed n."""
    if judgement is None or not spec.plan.stop_early:
        return None
    stored, read = tally.stored.facts, tally.read.facts
    return {
        "settled_after": judgement.settled,
        "read": judgement.places,
        "not_asked": stored.missing,
        "beyond": read.counts.skipped - stored.counts.skipped,
    }


def _trials(facts: RunFacts) -> Document:
    counts = facts.counts
    return {
        "ok": counts.ok,
        "no_answer": counts.no_answer,
        "model_error": counts.model_error,
        "infra_error": counts.infra_error,
        "scorer_error": counts.scorer_error,
        "skipped": counts.skipped,
        "truncated": counts.truncated,
    }


def _cost(spec: Spec, candidate: CandidateSpec, tally: Tally) -> Document:
    """Return what a task costs by what was read, and what all that is stored did cost."""
    cost, score = tally.read.facts.cost, tally.read.facts.scores[accepting_scorer(spec)]
    spent = tally.stored.facts.cost
    mean_total = Decimal(str(cost.mean)) * cost.n if cost.known and cost.mean is not None else None
    summary = summarise_costs(
        mean_total,
        tasks=cost.n,
        accepted=score.passed,
        task=spec.task,
        estimated=cost.estimated,
    )
    interval = summarise_cost(tally.read.facts)
    return {
        "total_usd": _number(spent.total_usd) if spent.known else None,
        "per_1k_tasks_usd": _number(summary.per_1k_tasks_usd),
        "per_1k_tasks_low_usd": interval.low,
        "per_1k_tasks_high_usd": interval.high,
        "per_accepted_usd": _number(summary.per_accepted_usd),
        "monthly_usd": _number(summary.monthly_usd),
        "estimated": summary.estimated,
        "rule": summary.rule.value,
        "price": _price(candidate),
        "price_row": None if candidate.price is None else price_figures(candidate.price),
        "priced_usage": None if tally.read.sums is None else asdict(tally.read.sums),
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
        "source": price.source,
        "dated_on": None if price.dated_on is None else price.dated_on.isoformat(),
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
