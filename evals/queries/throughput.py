"""A throughput test read back: what was asked for, what it asks, and the document of its result."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from evals.domain.order import shuffled_order
from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, Comparator, CriterionSpec
from evals.domain.throughput import Level, SweepPlan, goodput
from evals.domain.trials import Question
from evals.models import EvalSetVersion, TeamHardware, ThroughputTest
from evals.queries.work import samples_at

SCHEMA = "viability.throughput/1"
P95 = "latency_p95_seconds"
MOST_ROWS = 2000  # read for one sweep; beyond them the first are asked again
OWN = ("progress", "heard_at", "rung_at")  # of a worker, and nobody else's business
Document = dict[str, Any]


def sweep_plan(settings: Mapping[str, Any]) -> SweepPlan:
    """Return the plan in a test's settings."""
    return SweepPlan(
        levels=tuple(settings["levels"]),
        samples=settings["samples"],
        seconds=settings["seconds"],
        latency_bar_seconds=settings["latency_bar_seconds"],
    )


def sweep_settings(
    plan: SweepPlan, *, seed: int, hardware_key: str, budget_usd: Decimal | None = None
) -> Document:
    """Return the settings of a test as they are stored."""
    return asdict(plan) | {
        "levels": list(plan.levels),
        "seed": seed,
        "hardware_key": hardware_key or None,
        "budget_usd": None if budget_usd is None else str(budget_usd),
    }


def latency_bar(criteria: Sequence[CriterionSpec]) -> float | None:
    """Return the seconds that a bar allows the p95 latency of all samples, None for no such line.

    Where several lines say so the strictest required one counts.
    """
    lines = [
        line
        for line in criteria
        if line.metric == P95 and line.comparator is Comparator.AT_MOST and not line.slice
    ]
    required = [line.threshold for line in lines if line.required]
    return min(required or [line.threshold for line in lines], default=None)


def sweep_questions(
    candidate: CandidateSpec, version: EvalSetVersion, *, seed: int, most: int
) -> list[Question]:
    """Return the questions of a sweep: the version's own samples in shuffled order, in one query.

    Rows that no prompt can be made of are left out.
    """
    positions = shuffled_order(version.sample_count, seed=seed)[: min(most, MOST_ROWS)]
    samples = samples_at(version_id=version.pk, positions=positions)
    found = []
    for position in positions:
        sample = samples[position]
        try:
            prompt = render(
                candidate.harness.prompt, sample.input, target=version.mapping["target"]
            )
        except PromptError:
            continue
        question = Question(
            sample=sample.pk,
            epoch=0,
            prompt=prompt,
            system=candidate.harness.system,
            target=sample.target,
        )
        found.append(question)
    return found


def hardware_row(team_id: int, key: str) -> Document | None:
    """Return the team's own row of hardware as it is now, None where there is none."""
    row = TeamHardware.objects.filter(team_id=team_id, key=key).order_by("-pk").first()
    return {"key": key, **row.figures} if row and row.figures else None


def levels_of(test: ThroughputTest) -> list[Level]:
    """Return the measured levels of a test."""
    return [Level(**row) for row in test.levels]


def throughput_document(test: ThroughputTest) -> Document:
    """Return the whole result; select the candidate's task, its endpoint, and the version."""
    best = goodput(levels_of(test))
    return {
        "schema": SCHEMA,
        "task": test.candidate.task.name,
        "candidate": test.candidate.name,
        "simulated": test.candidate.endpoint.kind == "stand_in",
        "eval_set": {"sha256": test.version.sha256, "samples": test.version.sample_count},
        "state": test.state,
        "message": test.message,
        "created_at": test.created_at.isoformat(),
        "finished_at": test.finished_at.isoformat() if test.finished_at else None,
        "settings": {name: value for name, value in test.settings.items() if name not in OWN},
        "hardware": test.hardware,
        "levels": test.levels,
        "goodput": asdict(best) if best else None,
    }
