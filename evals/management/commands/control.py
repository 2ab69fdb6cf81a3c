"""`viability control EVALUATION_ID VERB`: what the evaluation's page does, from the shell."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.management.exits import StrictParser, bad_input_exits, failure_exits
from evals.management.retrying import add_retry_arguments, retried_states
from evals.models import Evaluation, Run
from evals.services.control import cancel_evaluation, pause_evaluation, pause_one, resume_one
from evals.services.evaluations import resume_evaluation, stop_evaluation
from evals.services.retries import retry_failed

NOTHING = 2  # the evaluation is in no state for it
OF_A_RUN = ("pause", "resume")


class Command(BaseCommand):
    """Changes an evaluation; workers carry out what is to be asked then."""

    help = "Pause, resume, stop or cancel an evaluation, or ask again what failed in it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser, with our exit status."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = StrictParser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the evaluation by the number in its address, and what to do."""
        parser.add_argument("evaluation_id", type=int)
        parser.add_argument("verb", choices=[*VERBS, "retry-failed"])
        parser.add_argument("--run", metavar="CANDIDATE", help="pause or resume this one alone")
        add_retry_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        """Do it and say what came of it; exit status 2 where there was nothing to do."""
        with failure_exits(), bad_input_exits():
            said = _carry_out(options)
        if not said:
            self.stderr.write("nothing to do: the evaluation is in no state for that")
            sys.exit(NOTHING)
        self.stdout.write(said)


def _carry_out(options: dict[str, Any]) -> str:
    """Return what was done, "" where there was nothing to do."""
    evaluation = _found(options["evaluation_id"])
    if options["run"] is not None:
        return _with_run(_run(evaluation, options["run"]), options["verb"])
    if options["verb"] == "retry-failed":
        return _retry(evaluation, options["retry_also"])
    return VERBS[options["verb"]](evaluation)


def _found(evaluation_id: int) -> Evaluation:
    found = Evaluation.objects.select_related("task__team").filter(pk=evaluation_id).first()
    if found is None:
        raise InputError(Problem(message=f"found no evaluation {evaluation_id}"))
    return found


def _run(evaluation: Evaluation, name: str) -> Run:
    runs = list(evaluation.runs.select_related("candidate", "evaluation__task__team"))
    names = [run.candidate.name for run in runs]
    if name not in names:
        expected = ", ".join(map(repr, names))
        raise InputError(Problem(message=f"--run: found {name!r}, expected one of {expected}"))
    return runs[names.index(name)]


def _with_run(run: Run, verb: str) -> str:
    if verb not in OF_A_RUN:
        raise InputError(Problem(message=f"--run goes with {' and '.join(OF_A_RUN)} alone"))
    if verb == "pause":
        return "1 run paused" if pause_one(run=run, user=None) else ""
    return "1 run resumed" if resume_one(run=run, user=None, now=timezone.now()) else ""


def _pause(evaluation: Evaluation) -> str:
    paused = pause_evaluation(evaluation=evaluation, user=None)
    return f"runs paused: {paused}; what is in flight is still stored" if paused else ""


def _resume(evaluation: Evaluation) -> str:
    resumed = resume_evaluation(evaluation=evaluation, user=None)
    return f"runs resumed: {resumed}; workers go on with them" if resumed else ""


def _stop(evaluation: Evaluation) -> str:
    stopped = stop_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    return f"runs stopped: {stopped}; verdicts follow from what is stored" if stopped else ""


def _cancel(evaluation: Evaluation) -> str:
    cancelled = cancel_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    return "cancelled: no verdict follows" if cancelled else ""


def _retry(evaluation: Evaluation, also: list[str]) -> str:
    if evaluation.finished_at is not None and evaluation.identity is not None:
        message = "the command line made it: run `viability evaluate SPEC --retry-failed`"
        raise InputError(Problem(message=message))
    made = retry_failed(
        evaluation=evaluation, states=retried_states(also), user=None, now=timezone.now()
    )
    return f"asking again what failed, in evaluation {made.pk}" if made else ""


VERBS: dict[str, Callable[[Evaluation], str]] = {
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "cancel": _cancel,
}
