"""`viability evaluate SPEC.yaml`: one evaluation, headless; exit status says the verdict."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from evals.domain.dollars import price_warnings
from evals.domain.heldcosts import budget_warnings
from evals.domain.seals import ReportFormat
from evals.domain.specs import DEFAULT_POOL, Spec
from evals.domain.verdicts import exit_status
from evals.management.exits import (
    INFRASTRUCTURE,
    SpecCommand,
    bad_input_exits,
    check_writable,
    failure_exits,
)
from evals.management.known import Wish, choose_evaluation
from evals.management.progress import progress_bar
from evals.management.retrying import add_retry_arguments, retried_states
from evals.models import Evaluation
from evals.models.evaluations import FINAL, RunState
from evals.queries.estimates import estimate_lines
from evals.queries.reportdocuments import report_document
from evals.queries.results import Document, evaluation_document, standings
from evals.queries.reusenotes import note_on_reuse
from evals.queries.slices import few_samples
from evals.queries.specs import frozen_spec
from evals.queries.trials import trial_documents
from evals.reports.resultfiles import result_text, sample_lines
from evals.services.headless import carry_out, paused_messages, stopped_messages
from evals.services.reportexports import sealed_report
from evals.services.smoke import skip_smoke_test

REPORTS = (ReportFormat.HTML, ReportFormat.PDF, ReportFormat.MARKDOWN)


class Command(SpecCommand):
    """Carries an evaluation out in this process."""

    help = "Run one evaluation; exit status 0 GO, 1 NO-GO, 2 UNDECIDED, 3 bad input, 4 failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec, where to write, and how many have to be GO."""
        super().add_arguments(parser)
        parser.add_argument("--json", type=Path, metavar="OUT")
        parser.add_argument("--samples", type=Path, metavar="OUT.jsonl")
        parser.add_argument("--fresh", action="store_true", help="ask even what is stored")
        add_retry_arguments(parser, "--retry-failed")
        parser.add_argument("--require", choices=["any", "all"], default="any")
        parser.add_argument(
            "--no-smoke", action="store_true", help="do not pause after 20 bad first answers"
        )
        for kind in REPORTS:
            parser.add_argument(f"--{kind.value}", type=Path, metavar="OUT")

    def handle(self, *_: Any, **options: Any) -> None:
        """Evaluate what is not stored yet, write the result files and exit with the verdict."""
        with failure_exits(), bad_input_exits():
            _check_outputs(options)
            chosen = choose_evaluation(options["spec"], _wish(options))
            evaluation = chosen.evaluation
            if chosen.note:
                self.stderr.write(chosen.note)
            self._warn(evaluation)
            if evaluation.state not in FINAL:
                if options["no_smoke"]:
                    skip_smoke_test(evaluation=evaluation)
                self._say_where(frozen_spec(evaluation))
                self._say_what_it_takes(evaluation)
                with progress_bar() as show:
                    carry_out(evaluation, show=show)
            self._finish(evaluation, options)

    def _warn(self, evaluation: Evaluation) -> None:
        spec = frozen_spec(evaluation)
        few = few_samples(evaluation.version, spec.bar, spec.plan)
        for warning in (*few, *price_warnings(spec.candidates)):
            self.stderr.write(f"warning: {warning}")

    def _say_where(self, spec: Spec) -> None:
        """Say that pools are for workers: a command does everything where it was typed."""
        for candidate in spec.candidates:
            if (pool := candidate.endpoint.pool) != DEFAULT_POOL:
                words = f"pool {pool} is for workers; this command carries the run out itself"
                self.stderr.write(f"{candidate.name}: {words}")

    def _say_what_it_takes(self, evaluation: Evaluation) -> None:
        spec = frozen_spec(evaluation)
        for line in estimate_lines(evaluation, spec):
            self.stderr.write(line)
        for warning in budget_warnings(spec.plan, spec.candidates):
            self.stderr.write(f"warning: {warning}")

    def _finish(self, evaluation: Evaluation, options: dict[str, Any]) -> None:
        spec = frozen_spec(evaluation)
        is_all = options["require"] == "all"
        document = evaluation_document(evaluation, spec, require_all=is_all)
        _write(evaluation, document, options)
        self._report(evaluation, document, options)
        if note := note_on_reuse(document["candidates"], spec):
            self.stderr.write(note)
        if messages := paused_messages(evaluation):
            self.stderr.write("\n".join(messages))
            sys.exit(INFRASTRUCTURE)
        for line in stopped_messages(evaluation):
            self.stderr.write(line)
        for candidate in document["candidates"]:
            mark = " (simulated)" if candidate["simulated"] else ""
            self.stdout.write(f"{candidate['sentence']}{mark}")
        sys.exit(_status(document, spec, require_all=is_all))

    def _report(self, evaluation: Evaluation, result: Document, options: dict[str, Any]) -> None:
        wanted = [kind for kind in REPORTS if options[kind.value]]
        if not wanted:
            return
        if not any(candidate["verdict"] for candidate in result["candidates"]):
            self.stderr.write("no report was written: there is no verdict to report")
            return
        document = report_document(evaluation, now=timezone.now())
        for kind in wanted:
            options[kind.value].write_bytes(sealed_report(document, kind))


def _check_outputs(options: dict[str, Any]) -> None:
    for name in ("json", "samples", *(kind.value for kind in REPORTS)):
        check_writable(f"--{name}", options[name])


def _wish(options: dict[str, Any]) -> Wish:
    retried = retried_states(options["retry_also"]) if options["retry_failed"] else ()
    return Wish(is_fresh=options["fresh"], retried=retried)


def _write(evaluation: Evaluation, document: Document, options: dict[str, Any]) -> None:
    if options["json"]:
        options["json"].write_text(result_text(document), encoding="utf-8")
    if options["samples"]:
        with options["samples"].open("w", encoding="utf-8") as out:
            out.writelines(sample_lines(trial_documents(evaluation)))


def _status(document: Document, spec: Spec, *, require_all: bool) -> int:
    """Return the verdict's status; endpoints that never answered anything are a failure.

    Those that were never asked, since the budget is too small or somebody was quicker, are none.
    """
    was_reached = any(map(_was_reached, document["candidates"]))
    was_asked = any(map(_was_asked, document["candidates"]))
    if was_asked and not was_reached and document["state"] != RunState.CANCELLED:
        return INFRASTRUCTURE
    return exit_status(standings(document["candidates"], spec), require_all=require_all)


def _was_reached(candidate: Document) -> bool:
    trials = candidate["trials"]
    return bool(trials["ok"] + trials["no_answer"] + trials["model_error"])


def _was_asked(candidate: Document) -> bool:
    return any(count for state, count in candidate["trials"].items() if state != "skipped")
