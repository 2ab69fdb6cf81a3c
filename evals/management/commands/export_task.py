"""`viability export-task SPEC.yaml DIR`: a folder that the stock lm_eval command runs as it is."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from evals.domain.problems import InputError, Problem
from evals.domain.prompts import PromptError
from evals.domain.specs import CandidateSpec, Spec
from evals.engine.inputs import check_inputs, read_inputs, read_whole_set
from evals.engine.taskexport import ExportRefusedError, export_task
from evals.management.exits import BAD_INPUT, bad_input_exits


class Command(BaseCommand):
    help = "Write a task for the stock lm_eval command, with the harness of one candidate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("spec", type=Path)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--candidate", help="whose harness to write (default: the first)")

    def handle(self, *_: Any, **options: Any) -> None:
        with bad_input_exits():
            inputs = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            check_inputs(inputs)
            candidate = _candidate(inputs.spec, options["candidate"])
            samples = read_whole_set(inputs)
        try:
            path = export_task(
                inputs.spec, samples, candidate=candidate, folder=options["folder"]
            )
        except (ExportRefusedError, PromptError) as error:
            self.stderr.write(f"{options['spec']}: {error}")
            sys.exit(BAD_INPUT)
        self.stdout.write(str(path))
        self.stdout.write(f"run it: lm_eval --include_path {path.parent} --tasks {path.stem} …")


def _candidate(spec: Spec, name: str | None) -> CandidateSpec:
    found = [c for c in spec.candidates if name in (None, c.name)]
    if not found:
        names = ", ".join(repr(c.name) for c in spec.candidates)
        raise InputError(Problem(message=f"--candidate: found {name!r}, expected one of {names}"))
    return found[0]
