"""`viability export-task SPEC.yaml DIR`: a folder that the stock lm_eval command runs as it is."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from evals.domain.problems import InputError, Problem
from evals.domain.specs import CandidateSpec, Spec
from evals.engine.inputs import SpecInputs, check_inputs, read_inputs, read_whole_set
from evals.engine.taskexport import ExportRefusedError, export_task
from evals.management.exits import SpecCommand, bad_input_exits, failure_exits


class Command(SpecCommand):
    """Asks nothing and stores nothing."""

    help = "Write a task for the stock lm_eval command, with the harness of one candidate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec, the folder and whose harness."""
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--candidate", help="whose harness to write (default: the first)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the folder and print where it is and how to run it."""
        with failure_exits(), bad_input_exits():
            inputs = read_inputs(options["spec"], limit_bytes=settings.UPLOAD_LIMIT_BYTES)
            check_inputs(inputs)
            candidate = _candidate(inputs.spec, options["candidate"])
            path = _export(inputs, candidate, options["folder"])
        self.stdout.write(str(path))
        self.stdout.write(f"run it: lm_eval --include_path {path.parent} --tasks {path.stem} …")


def _export(inputs: SpecInputs, candidate: CandidateSpec, folder: Path) -> Path:
    samples = read_whole_set(inputs)
    try:
        return export_task(inputs.spec, samples, candidate=candidate, folder=folder)
    except ExportRefusedError as error:
        raise InputError(Problem(message=str(error)), file=str(inputs.file)) from None


def _candidate(spec: Spec, name: str | None) -> CandidateSpec:
    found = [c for c in spec.candidates if name in (None, c.name)]
    if not found:
        names = ", ".join(repr(c.name) for c in spec.candidates)
        raise InputError(Problem(message=f"--candidate: found {name!r}, expected one of {names}"))
    return found[0]
