"""`viability plan SPEC.yaml`: what an evaluation will take, before anything is asked or spent."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.table import Table

from evals.domain.evalsets import SampleRow
from evals.domain.planning import CandidatePlan, plan_candidate
from evals.domain.prompts import render
from evals.domain.specs import CandidateSpec, Spec
from evals.engine.inputs import check_inputs, read_inputs, read_whole_set
from evals.management.exits import SpecCommand, bad_input_exits, failure_exits

PROBED = 200


class Command(SpecCommand):
    """Asks nothing and stores nothing."""

    help = "Say how many samples, requests, tokens and dollars an evaluation takes at most."

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the counts and the price of every candidate."""
        with failure_exits(), bad_input_exits():
            inputs = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            check_inputs(inputs)
            spec, rows = inputs.spec, read_whole_set(inputs)
            samples = min(len(rows), spec.plan.max_samples or len(rows))
            plans = [_plan(spec, c, rows[:PROBED], samples=samples) for c in spec.candidates]
        self.stdout.write(_heading(spec, samples=samples, rows=len(rows)))
        Console(soft_wrap=True).print(_table(plans))


def _plan(
    spec: Spec, candidate: CandidateSpec, probed: Sequence[SampleRow], *, samples: int
) -> CandidatePlan:
    template, target = candidate.harness.prompt, spec.eval_set.target
    prompts = [render(template, row.input, target=target) for row in probed]
    return plan_candidate(candidate, prompts=prompts, samples=samples, epochs=spec.plan.epochs)


def _heading(spec: Spec, *, samples: int, rows: int) -> str:
    epochs = f", each {spec.plan.epochs} times" if spec.plan.epochs > 1 else ""
    return f"{spec.task.name}: {samples:,} of {rows:,} samples{epochs}"


def _table(plans: list[CandidatePlan]) -> Table:
    headings = ("requests", "input tokens (est.)", "output tokens at most", "$ at most")
    table = Table("candidate", *headings)
    for plan in plans:
        usd = "unknown" if plan.usd_at_most is None else f"{plan.usd_at_most:.4f} est."
        table.add_row(
            f"{plan.name} (simulated)" if plan.is_simulated else plan.name,
            f"{plan.requests:,}",
            f"{plan.input_tokens:,}",
            f"{plan.output_tokens_at_most:,}",
            usd,
        )
    return table
