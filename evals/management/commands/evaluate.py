"""`viability evaluate SPEC.yaml`: one evaluation, headless; exit status says the verdict."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.domain.specs import Spec
from evals.domain.verdicts import exit_status
from evals.engine.inputs import check_environment, check_inputs, read_inputs
from evals.management.exits import (
    INFRASTRUCTURE,
    SpecCommand,
    bad_input_exits,
    check_writable,
    failure_exits,
)
from evals.management.progress import progress_bar
from evals.models import Evaluation
from evals.models.evaluations import FINAL
from evals.queries.results import Document, evaluation_document, standings
from evals.queries.specs import frozen_spec
from evals.queries.trials import trial_documents
from evals.reports.resultfiles import result_text, sample_lines
from evals.services.headless import carry_out, paused_messages
from evals.services.intake import find_evaluation, store_inputs

NOT_BUILT = ("html", "pdf", "md")


class Command(SpecCommand):
    """Carries an evaluation out in this process."""

    help = "Run one evaluation; exit status 0 GO, 1 NO-GO, 2 UNDECIDED, 3 bad input, 4 failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec, where to write, and how many have to be GO."""
        super().add_arguments(parser)
        parser.add_argument("--json", type=Path, metavar="OUT")
        parser.add_argument("--samples", type=Path, metavar="OUT.jsonl")
        parser.add_argument("--require", choices=["any", "all"], default="any")
        for name in NOT_BUILT:
            parser.add_argument(f"--{name}", type=Path, metavar="OUT")

    def handle(self, *_: Any, **options: Any) -> None:
        """Evaluate what is not stored yet, write the result files and exit with the verdict."""
        with failure_exits(), bad_input_exits():
            _check_outputs(options)
            evaluation, is_known = _evaluation(options["spec"])
            if is_known:
                self.stderr.write(f"{_name(evaluation)} is known: going on with what is stored")
            if evaluation.state not in FINAL:
                with progress_bar() as show:
                    carry_out(evaluation, show=show)
            self._finish(evaluation, options)

    def _finish(self, evaluation: Evaluation, options: dict[str, Any]) -> None:
        spec = frozen_spec(evaluation)
        is_all = options["require"] == "all"
        document = evaluation_document(evaluation, spec, require_all=is_all)
        _write(evaluation, document, options)
        if messages := paused_messages(evaluation):
            self.stderr.write("\n".join(messages))
            sys.exit(INFRASTRUCTURE)
        for candidate in document["candidates"]:
            mark = " (simulated)" if candidate["simulated"] else ""
            self.stdout.write(f"{candidate['sentence']}{mark}")
        sys.exit(_status(document, spec, require_all=is_all))


def _check_outputs(options: dict[str, Any]) -> None:
    for name in NOT_BUILT:
        if options[name] is not None:
            raise InputError(Problem(message=f"--{name}: not built yet; --json and --samples are"))
    check_writable("--json", options["json"])
    check_writable("--samples", options["samples"])


def _evaluation(path: Path) -> tuple[Evaluation, bool]:
    """Return the spec's evaluation, and whether an earlier command had stored it."""
    inputs = read_inputs(path, limit_bytes=settings.UPLOAD_LIMIT_BYTES)
    known = find_evaluation(inputs)
    if known is not None and known.state in FINAL:
        return known, True
    check_environment(inputs)
    if known is not None:
        return known, True
    check_inputs(inputs)
    return store_inputs(inputs=inputs, now=timezone.now()), False


def _name(evaluation: Evaluation) -> str:
    return f"evaluation {evaluation.number} of {evaluation.task.name!r}"


def _write(evaluation: Evaluation, document: Document, options: dict[str, Any]) -> None:
    if options["json"]:
        options["json"].write_text(result_text(document), encoding="utf-8")
    if options["samples"]:
        with options["samples"].open("w", encoding="utf-8") as out:
            out.writelines(sample_lines(trial_documents(evaluation)))


def _status(document: Document, spec: Spec, *, require_all: bool) -> int:
    """Return the verdict's status; endpoints that never answered anything are a failure."""
    if not any(_was_reached(candidate) for candidate in document["candidates"]):
        return INFRASTRUCTURE
    return exit_status(standings(document["candidates"], spec), require_all=require_all)


def _was_reached(candidate: Document) -> bool:
    trials = candidate["trials"]
    return bool(trials["ok"] + trials["no_answer"] + trials["model_error"])
