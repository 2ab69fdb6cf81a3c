"""The plan as a JSON document: the same content as the page and the command show."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from evals.domain.evaluationplan import EvaluationPlan, Resolution, UnknownResolution
from evals.domain.pairedresolution import AssumedDiscordance, PairedResolution
from evals.domain.planning import Asking, CandidatePlan
from evals.domain.planrows import RowGroup
from evals.domain.rateresolution import AssumedRate, RateResolution

SCHEMA = "viability.plan/1"
Document = dict[str, Any]


def plan_text(plan: EvaluationPlan, *, headline: str, warnings: Sequence[str]) -> str:
    """Return a plan as JSON that people can read too; an unknown figure is null."""
    document = plan_document(plan, headline=headline, warnings=warnings)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plan_document(plan: EvaluationPlan, *, headline: str, warnings: Sequence[str]) -> Document:
    """Return a plan as plain values."""
    terms, rows = plan.terms, plan.rows
    return {
        "schema": SCHEMA,
        "task": plan.task,
        "resolution": headline,
        "warnings": list(warnings),
        "samples": {"total": rows.total, **_group(rows.asked)},
        "plan": {
            "alpha": terms.alpha,
            "epochs": terms.epochs,
            "stop_early": terms.stop_early,
            "challengers": terms.challengers,
            "budget_usd": _usd(plan.budget_usd),
        },
        "criteria": [_criterion(each, plan) for each in plan.resolutions],
        "candidates": [_candidate(each) for each in plan.candidates],
        "total": {
            "expected_samples": plan.settling_samples,
            "expected_usd": _usd(plan.expected_usd),
            "worst_usd": _usd(plan.worst_usd),
            "unpriced": list(plan.unpriced),
        },
        "probed_samples": plan.probed,
    }


def _criterion(resolution: Resolution, plan: EvaluationPlan) -> Document:
    criterion = resolution.criterion
    found: Document = {
        "metric": criterion.metric,
        "slice": None if criterion.slice is None else dict(criterion.slice),
        criterion.comparator.value: criterion.threshold,
        "required": criterion.required,
        "go_alpha": plan.terms.go_alpha(criterion),
        "no_go_alpha": plan.terms.no_go_alpha(criterion),
        **_group(resolution.group),
    }
    if isinstance(resolution, RateResolution):
        found |= _rate(resolution)
    elif isinstance(resolution, PairedResolution):
        found["assumed"] = [_discordance(each) for each in resolution.assumed]
    elif isinstance(resolution, UnknownResolution):
        found["assumed"] = None
    return found


def _rate(resolution: RateResolution) -> Document:
    return {
        "n": resolution.n,
        "detectable_rate": resolution.detectable,
        "detectable_gap": resolution.gap,
        "all_pass_samples": resolution.all_pass,
        "assumed": [_assumed(each) for each in resolution.assumed],
    }


def _assumed(assumed: AssumedRate) -> Document:
    return {
        "rate": assumed.rate,
        "samples_needed": assumed.samples,
        "go": assumed.go,
        "no_go": assumed.no_go,
        "undecided": assumed.undecided,
        "expected_samples": assumed.mean_samples,
        "wald_samples": assumed.floor,
        "ratio_to_wald": assumed.ratio,
    }


def _discordance(assumed: AssumedDiscordance) -> Document:
    return {
        "discordance": assumed.discordance,
        "smallest_margin": assumed.smallest_margin,
        "margins": [
            {"margin": margin, "samples_needed": samples} for margin, samples in assumed.margins
        ],
        "go": assumed.go,
        "no_go": assumed.no_go,
        "expected_samples": assumed.mean_samples,
    }


def _candidate(candidate: CandidatePlan) -> Document:
    return {
        "name": candidate.name,
        "incumbent": candidate.is_incumbent,
        "simulated": candidate.is_simulated,
        "latency_seconds": candidate.latency_seconds,
        "measured_trials": None if candidate.measured is None else candidate.measured.trials,
        "expected": _asking(candidate.expected),
        "worst": _asking(candidate.worst),
    }


def _asking(asking: Asking) -> Document:
    return {
        "requests": asking.requests,
        "input_tokens": asking.input_tokens,
        "output_tokens": asking.output_tokens,
        "usd": _usd(asking.usd),
        "minutes": None if asking.seconds is None else asking.seconds / 60,
    }


def _group(group: RowGroup) -> Document:
    return {"samples": group.samples, "clusters": group.clusters}


def _usd(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
