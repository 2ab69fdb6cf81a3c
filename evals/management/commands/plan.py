"""`viability plan SPEC.yaml`: what an evaluation can resolve and takes, before a cent is spent."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from evals.domain.dollars import price_warnings
from evals.domain.heldcosts import budget_warnings
from evals.domain.plansets import planned_evaluation
from evals.engine.inputs import check_inputs, read_inputs, read_whole_set
from evals.engine.slicerows import check_slices
from evals.engine.specpricing import with_prices
from evals.management.exits import SpecCommand, bad_input_exits, check_writable, failure_exits
from evals.management.plantables import print_card
from evals.queries.plancards import plan_card
from evals.reports.planfiles import plan_text


class Command(SpecCommand):
    """Asks nothing, stores nothing, and needs neither database nor network for rows in a file."""

    help = "Say what an evaluation can tell, and how many requests, tokens, dollars and minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec, where to write, and the true rates to assume."""
        super().add_arguments(parser)
        parser.add_argument("--json", type=Path, metavar="OUT")
        parser.add_argument("--assume", type=_rate, nargs="+", default=[], metavar="RATE")

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the plan in words and tables, and what is wrong with it on standard error."""
        with failure_exits(), bad_input_exits():
            check_writable("--json", options["json"])
            read = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            inputs = with_prices(read, on=timezone.now().date())
            check_inputs(inputs)
            check_slices(inputs)
            rows = read_whole_set(inputs)
            plan = planned_evaluation(inputs.spec, rows, assumed=options["assume"])
        card, spec = plan_card(plan), inputs.spec
        warnings = (
            *card.warnings,
            *budget_warnings(spec.plan, spec.candidates),
            *price_warnings(spec.candidates),
        )
        if options["json"]:
            text = plan_text(plan, headline=card.headline, warnings=warnings)
            options["json"].write_text(text, encoding="utf-8")
        self.stdout.write(f"{plan.task}: {card.rows}")
        print_card(card)
        for warning in warnings:
            self.stderr.write(f"warning: {warning}")


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ArgumentTypeError(f"found {text!r}, expected a rate between 0 and 1")
    return rate
