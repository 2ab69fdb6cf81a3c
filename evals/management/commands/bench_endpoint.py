"""`viability bench-endpoint SPEC.yaml`: what a candidate's endpoint can do, measured by loading it.

Exit status: 0 when a level keeps the latency bar (or answers at all, where there is none), 1 when
none does, 3 bad input, 4 failure. Nothing that is asked is stored as a trial.
"""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.domain.specs import CandidateSpec, EndpointKind
from evals.domain.sweepcosts import worst_sweep_usd
from evals.domain.sweeplevels import read_levels
from evals.domain.throughput import SweepPlan
from evals.engine.endpoints import AddressPolicy
from evals.engine.inputs import SpecInputs, check_environment, check_inputs, read_inputs
from evals.management.exits import (
    INFRASTRUCTURE,
    SpecCommand,
    bad_input_exits,
    check_writable,
    failure_exits,
)
from evals.management.loadingbar import loading_bar
from evals.management.throughputtables import print_levels
from evals.models import ThroughputTest
from evals.models.prices import ThroughputState
from evals.queries.figures import usd
from evals.queries.specs import candidate_spec
from evals.queries.throughput import (
    latency_bar,
    sweep_plan,
    sweep_questions,
    throughput_document,
)
from evals.reports.resultfiles import result_text
from evals.services.intake import store_measured
from evals.services.throughput import Wanted, start_test
from evals.services.throughputruns import Reach, carry_out

NOTHING_WITHIN = 1
USUAL = SweepPlan()


class Command(SpecCommand):
    """Loads an endpoint with the task's own prompts, in this process."""

    help = "Measure goodput level by level; exit status 0 found, 1 none, 3 bad input, 4 failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec, whose endpoint, and how it is loaded."""
        super().add_arguments(parser)
        parser.add_argument("--candidate", help="whose endpoint to load (default: the first)")
        parser.add_argument("--concurrency", type=_levels, default=USUAL.levels, metavar="1,2,4")
        parser.add_argument(
            "--samples", type=_whole, default=USUAL.samples, help="requests measured at each level"
        )
        parser.add_argument(
            "--seconds", type=_positive, default=USUAL.seconds, help="at most, for each level"
        )
        parser.add_argument(
            "--latency-bar",
            type=_positive,
            metavar="SECONDS",
            help="what 95 %% have to keep (default: latency_p95_seconds of the bar)",
        )
        parser.add_argument("--hardware", default="", metavar="KEY", help="what it runs on")
        parser.add_argument("--json", type=Path, metavar="OUT")

    def handle(self, *_: Any, **options: Any) -> None:
        """Measure, print the levels, write the result file and exit with what was found."""
        with failure_exits(), bad_input_exits():
            check_writable("--json", options["json"])
            inputs = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            check_inputs(inputs)
            candidate = _candidate(inputs, options["candidate"])
            check_environment(replace(inputs, spec=replace(inputs.spec, candidates=(candidate,))))
            test = self._prepared(inputs, candidate, options)
            with loading_bar(sweep_plan(test.settings)) as show:
                carry_out(test.pk, reach=_reach(candidate), show=show)
        self._finish(test, options["json"])

    def _prepared(
        self, inputs: SpecInputs, candidate: CandidateSpec, options: dict[str, Any]
    ) -> ThroughputTest:
        """Store what is to be measured, once it is known to keep within the budget."""
        plan, spec = _plan(inputs, options), inputs.spec
        row, version = store_measured(inputs=inputs, spec=candidate, now=timezone.now())
        questions = sweep_questions(
            candidate_spec(row), version, seed=spec.plan.seed, most=plan.most_requests
        )
        worst, budget = worst_sweep_usd(candidate, questions, plan), spec.plan.budget_usd
        if worst is not None and budget is not None and worst > budget:
            message = (
                f"plan.budget_usd: found ${budget}, and this sweep may cost {usd(worst)}: "
                "expected fewer levels or --samples, or a larger budget"
            )
            raise InputError(Problem(message=message), file=str(inputs.file))
        cost = "an unknown amount: its price is unknown" if worst is None else usd(worst)
        self.stderr.write(
            f"{candidate.name}: at most {plan.most_requests:,} requests, which may cost {cost}"
        )
        wanted = Wanted(
            plan=plan,
            seed=spec.plan.seed,
            hardware_key=options["hardware"],
            budget_usd=budget,
        )
        return start_test(candidate=row, version=version, wanted=wanted, user=None)

    def _finish(self, test: ThroughputTest, out: Path | None) -> None:
        test.refresh_from_db()
        document = throughput_document(test)
        if out:
            out.write_text(result_text(document), encoding="utf-8")
        print_levels(document)
        if test.state == ThroughputState.FAILED:
            self.stderr.write(test.message or "nothing was measured")
            sys.exit(INFRASTRUCTURE)
        sys.exit(0 if document["goodput"] else NOTHING_WITHIN)


def _plan(inputs: SpecInputs, options: dict[str, Any]) -> SweepPlan:
    given = options["latency_bar"]
    return SweepPlan(
        levels=options["concurrency"],
        samples=options["samples"],
        seconds=options["seconds"],
        latency_bar_seconds=latency_bar(inputs.spec.bar) if given is None else given,
    )


def _candidate(inputs: SpecInputs, name: str | None) -> CandidateSpec:
    candidates = inputs.spec.candidates
    found = next((c for c in candidates if name in (None, c.name)), None)
    if found is None:
        names = ", ".join(repr(c.name) for c in candidates)
        raise InputError(Problem(message=f"--candidate: found {name!r}, expected one of {names}"))
    if found.endpoint.kind is EndpointKind.RECORDED:
        message = (
            f"candidate {found.name!r}: its answers are recorded, so nothing serves them: "
            "expected one that can be asked"
        )
        raise InputError(Problem(message=message), file=str(inputs.file))
    return found


def _reach(candidate: CandidateSpec) -> Reach:
    name = candidate.endpoint.api_key_env
    return Reach(api_key=None if name is None else os.environ[name], allow=AddressPolicy.ANYWHERE)


def _levels(text: str) -> tuple[int, ...]:
    try:
        return read_levels(text)
    except InputError as error:
        raise ArgumentTypeError(str(error)) from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"found {text!r}, expected a whole number above 0")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"found {text!r}, expected seconds above 0")
    return number
