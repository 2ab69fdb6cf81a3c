"""What an evaluation takes, in one line for each candidate, before it starts."""

from collections.abc import Iterator

from evals.domain.planning import CandidatePlan, Counts, plan_candidate
from evals.domain.specs import Spec
from evals.models import Evaluation
from evals.queries.plancards import plan_line
from evals.queries.plans import as_limited, measured_means, probed_prompts


def estimate_lines(evaluation: Evaluation, spec: Spec) -> tuple[str, ...]:
    """Return "NAME: 3,080 requests, $1.20 est., about 2 min (…)" for each, in five queries."""
    return tuple(_words(plan) for plan in _plans(evaluation, spec))


def _plans(evaluation: Evaluation, spec: Spec) -> Iterator[CandidatePlan]:
    """Yield what each candidate takes if all of the plan's samples are asked."""
    prompts = probed_prompts(evaluation.version, spec.candidates)
    rows = evaluation.runs.order_by("position").values_list("candidate", flat=True)
    names = {candidate.name: row for candidate, row in zip(spec.candidates, rows, strict=True)}
    measured, size = measured_means(names), evaluation.sample_count
    counts = Counts(expected=size, most=size, epochs=evaluation.epochs)
    for candidate in as_limited(spec.candidates, names):
        if prompts[candidate.name]:
            yield plan_candidate(
                candidate,
                prompts=prompts[candidate.name],
                counts=counts,
                is_incumbent=candidate.name == spec.incumbent,
                measured=measured.get(candidate.name),
            )


def _words(plan: CandidatePlan) -> str:
    line = plan_line(plan)
    cost = "cost unknown" if plan.expected.usd is None else f"{line.usd} est."
    return f"{line.name}: {line.requests} requests, {cost}, {line.time} ({line.basis})"
