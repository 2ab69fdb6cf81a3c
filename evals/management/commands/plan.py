"""`viability plan SPEC.yaml`: what an evaluation will take, before anything is asked or spent."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from evals.domain.planning import CandidatePlan, plan_candidate
from evals.domain.prompts import render
from evals.domain.specs import Spec
from evals.engine.inputs import check_inputs, read_inputs, read_whole_set
from evals.management.exits import bad_input_exits

PROBED = 200


class Command(BaseCommand):
    help = "Say how many samples, requests, tokens and dollars an evaluation takes at most."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("spec", type=Path)

    def handle(self, *_: Any, **options: Any) -> None:
        with bad_input_exits():
            inputs = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            check_inputs(inputs)
            rows = read_whole_set(inputs)
        spec = inputs.spec
        samples = min(len(rows), spec.plan.max_samples or len(rows))
        plans = [
            plan_candidate(
                candidate,
                prompts=[
                    render(candidate.harness.prompt, row.input, target=spec.eval_set.target)
                    for row in rows[:PROBED]
                ],
                samples=samples,
                epochs=spec.plan.epochs,
            )
            for candidate in spec.candidates
        ]
        self.stdout.write(_heading(spec, samples=samples, rows=len(rows)))
        Console(file=self.stdout).print(_table(plans))  # type: ignore[arg-type]


def _heading(spec: Spec, *, samples: int, rows: int) -> str:
    epochs = f", each {spec.plan.epochs} times" if spec.plan.epochs > 1 else ""
    return f"{spec.task.name}: {samples:,} of {rows:,} samples{epochs}"


def _table(plans: list[CandidatePlan]) -> Table:
    table = Table("candidate", "requests", "input tokens (est.)", "output tokens at most", "$ at most")
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
