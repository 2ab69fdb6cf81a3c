"""The smoke stage: what pauses a run after its first answers, once, and what does not."""

from typing import Any

import pytest

from evals.domain.specs import EndpointKind, ScorerSpec
from evals.models import Run
from evals.models.evaluations import RunState
from evals.services import watching
from evals.services.evaluations import resume_evaluation
from evals.services.execution import work_on_run
from evals.services.smoke import SmokeTest, skip_smoke_test
from tests import make
from tests.fakes import Answer, FakeOpenAI
from tests.services.test_execution import started

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


def worked(server: FakeOpenAI, *, samples: int = 400, **options: Any) -> Run:
    run = started(server, samples=samples, endpoint={"concurrency": 4}, **options)
    work_on_run(run.pk)
    run.refresh_from_db()
    return run


def test_a_run_of_good_answers_is_tested_once_and_goes_on(server):
    run = worked(server, samples=60)
    assert (run.state, run.is_smoke_tested) == (RunState.COMPLETED, True)
    assert run.trials.count() == 60


def test_a_first_batch_without_one_right_answer_pauses_it(server):
    server.answer = lambda _messages: "no idea"
    server.latency_seconds = 0.1
    run = worked(server)
    assert (run.state, run.is_smoke_tested) == (RunState.PAUSED, True)
    assert run.message.startswith("0 of the first 20 answers are right: check the prompt")
    assert 20 <= len(server.requests) < 100
    assert run.trials.count() == len(server.requests)
    assert run.unconfirmed == 0


def test_whoever_resumes_is_not_paused_again(server):
    server.answer = lambda _messages: "no idea"
    run = worked(server, samples=60)
    resume_evaluation(evaluation=run.evaluation, user=None)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.message, run.trials.count()) == (RunState.COMPLETED, "", 60)
    assert len(server.requests) == 60


def test_answers_that_are_all_refused_pause_it_with_the_vendors_words(server):
    refused = Answer(status=400, body={"error": {"message": "max_tokens is too large"}})
    server.script.extend([refused] * 400)
    server.latency_seconds = 0.01
    run = worked(server)
    assert run.state == RunState.PAUSED
    assert "was refused by the endpoint" in run.message
    assert "max_tokens is too large" in run.message


def test_answers_in_which_nothing_is_found_pause_it(server):
    server.answer = lambda _messages: "I would rather not say"
    run = worked(server, scorers=[ScorerSpec(name="exact_match", extract="Queue: (\\w+)")])
    assert run.state == RunState.PAUSED
    assert "in none of the first 20 outputs was an answer found" in run.message


def test_a_stand_in_is_tested_as_a_real_one(db):
    silent = make.candidate_spec(kind=EndpointKind.STAND_IN, simulation={"accuracy": 0})
    run = make.live_evaluation(samples=400, candidates=[silent]).runs.get()
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.is_smoke_tested) == (RunState.PAUSED, True)


def test_fewer_than_twenty_samples_are_not_worth_a_pause(server):
    server.answer = lambda _messages: "no idea"
    run = worked(server, samples=19)
    assert (run.state, run.is_smoke_tested) == (RunState.COMPLETED, False)


def test_who_knows_better_skips_it(server):
    server.answer = lambda _messages: "no idea"
    run = started(server, samples=60)
    skip_smoke_test(evaluation=run.evaluation)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.trials.count()) == (RunState.COMPLETED, 60)


def test_looking_at_the_first_answers_ends_with_the_first_answers(server, monkeypatch):
    looks: list[int] = []
    look = SmokeTest.has_paused

    def counted(test: SmokeTest) -> bool:
        looks.append(1)
        return look(test)

    monkeypatch.setattr(SmokeTest, "has_paused", counted)
    server.latency_seconds = 0.02
    run = worked(server, samples=400)
    assert run.state == RunState.COMPLETED
    assert len(looks) <= 20
