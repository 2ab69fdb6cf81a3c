"""`viability control`: what the page does, from the shell."""

import pytest
from django.core.management import call_command

from evals.models import Evaluation, Run
from evals.models.evaluations import RunState
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation() -> Evaluation:
    return make.live_evaluation()


def control(*arguments: object) -> int:
    try:
        call_command("control", *map(str, arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def run_states(evaluation: Evaluation) -> list[str]:
    return [run.state for run in evaluation.runs.order_by("position")]


def test_pause_and_resume(evaluation, capsys):
    assert control(evaluation.pk, "pause") == 0
    assert run_states(evaluation) == [RunState.PAUSED, RunState.PAUSED]
    assert "runs paused: 2" in capsys.readouterr().out
    assert control(evaluation.pk, "pause") == 2
    assert control(evaluation.pk, "resume") == 0
    assert run_states(evaluation) == [RunState.QUEUED, RunState.QUEUED]


def test_a_single_run(evaluation):
    assert control(evaluation.pk, "pause", "--run", "open-model") == 0
    assert run_states(evaluation) == [RunState.QUEUED, RunState.PAUSED]
    assert control(evaluation.pk, "resume", "--run", "open-model") == 0
    assert run_states(evaluation) == [RunState.QUEUED, RunState.QUEUED]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pause", "--run", "no-such"), "expected one of 'gpt-x', 'open-model'"),
        (("cancel", "--run", "open-model"), "--run goes with pause and resume alone"),
        (("explode",), "invalid choice"),
    ],
)
def test_what_is_wrong_is_bad_input(evaluation, capsys, arguments, words):
    assert control(evaluation.pk, *arguments) == 3
    assert words in capsys.readouterr().err
    assert run_states(evaluation) == [RunState.QUEUED, RunState.QUEUED]


def test_an_evaluation_that_is_not_there(db, capsys):
    assert control(987654, "pause") == 3
    assert "found no evaluation 987654" in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "state"), [("stop", "stopped"), ("cancel", "cancelled")])
def test_stop_and_cancel_end_it(evaluation, verb, state):
    assert control(evaluation.pk, verb) == 0
    evaluation.refresh_from_db()
    assert evaluation.state == state
    assert control(evaluation.pk, verb) == 2


def test_retry_failed(evaluation, capsys):
    for run in evaluation.runs.all():
        make.answer(run, state="infra_error", output=None)
        make.complete(run)
    make.finish(evaluation)
    assert control(evaluation.pk, "retry-failed") == 0
    made = Evaluation.objects.latest("pk")
    assert made.extends == evaluation
    assert f"in evaluation {made.pk}" in capsys.readouterr().out
    assert not Run.objects.filter(evaluation=made, trials__isnull=False).exists()
