"""Asking again what failed, and nothing else, against a real HTTP endpoint."""

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from evals.domain.specs import PlanSpec
from evals.domain.trials import TrialState
from evals.models import AuditEntry, Evaluation, Run, Trial, VerdictRow
from evals.models.evaluations import RunState, ShardState
from evals.services import shards
from evals.services.execution import work_on_run
from evals.services.retries import begin_again, retry_failed
from tests import make
from tests.fakes import Answer
from tests.services.conftest import ticket_number
from tests.services.test_execution import asked, started, states

pytestmark = pytest.mark.django_db(transaction=True)
INFRA = (TrialState.INFRA_ERROR,)
REFUSED = {"error": {"message": "too long for the context"}}


@pytest.fixture
def failing(server, settings):
    """An endpoint that loses tickets 3 and 17 and refuses ticket 5, until `clear()` is called."""
    settings.SHARD_SIZE = 8
    plain, lost, refused = server._plain, {3, 17}, {5}  # noqa: SLF001

    def odd(body: Any) -> Answer:
        number = ticket_number(body["messages"])
        if number in lost:
            return Answer(body=b"{")
        return Answer(status=400, body=REFUSED) if number in refused else plain(body)

    def clear() -> None:
        lost.clear()
        refused.clear()
        server.requests.clear()

    server._plain = odd  # noqa: SLF001
    server.clear = clear
    return server


def finished(server, **options: Any) -> Run:
    run = started(server, endpoint={"timeout_seconds": 0.3, "concurrency": 4}, **options)
    work_on_run(run.pk)
    assert states(run)["infra_error"] == 2
    return run


def live(server) -> Run:
    """Return a run with its failures whose evaluation another run keeps open."""
    endpoint = {"base_url": server.base_url, "timeout_seconds": 0.3, "concurrency": 4}
    specs = [make.candidate_spec(name, **endpoint) for name in ("one", "two")]
    evaluation = make.live_evaluation(candidates=specs)
    run = evaluation.runs.get(position=0)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    return run


def retried(evaluation: Evaluation, *states: TrialState) -> Evaluation | None:
    found = Evaluation.objects.get(pk=evaluation.pk)
    return retry_failed(evaluation=found, states=states or INFRA, user=None, now=timezone.now())


def test_a_closed_evaluation_is_extended_by_one_that_asks_exactly_what_failed(failing):
    run = finished(failing)
    before = VerdictRow.objects.get(run=run).grounds
    failing.clear()
    made = retried(run.evaluation)
    assert made is not None
    assert (made.extends_id, made.number) == (run.evaluation_id, run.evaluation.number + 1)
    again = made.runs.get()
    assert again.trials.count() == 18
    assert again.shards.filter(state=ShardState.DONE).count() < again.shards.count()
    work_on_run(again.pk)
    assert asked(failing) == {3: 1, 17: 1}
    assert states(again) == {"ok": 19, "model_error": 1}
    assert again.trials.filter(is_reused=False).count() == 2
    assert VerdictRow.objects.get(run=run).grounds == before
    verdict = VerdictRow.objects.get(run=again).grounds["result"]
    assert (verdict["reused"], verdict["usage"]["requests"]) == (18, 2)
    line = AuditEntry.objects.get(action="failed trials asked again")
    assert line.details == {"extends": run.evaluation.number}


def test_what_was_taken_over_is_as_it_was_but_for_its_attempts(failing):
    run = finished(failing)
    made = retried(run.evaluation)
    assert made is not None
    own = {"id", "run_id", "attempts", "is_reused", "created_at", "_state"}
    kept = run.trials.exclude(state="infra_error")
    for first in kept:
        copy = made.runs.get().trials.get(sample=first.sample_id, epoch=first.epoch)
        assert (copy.attempts, copy.is_reused) == (0, True)
        assert {k: v for k, v in vars(first).items() if k not in own} == {
            k: v for k, v in vars(copy).items() if k not in own
        }


def test_by_choice_what_was_refused_is_asked_again_too(failing):
    run = finished(failing)
    failing.clear()
    made = retried(run.evaluation, *INFRA, TrialState.MODEL_ERROR)
    assert made is not None
    work_on_run(made.runs.get().pk)
    assert asked(failing) == {3: 1, 5: 1, 17: 1}
    assert states(made.runs.get()) == {"ok": 20}


def test_epochs_are_told_apart(failing):
    run = started(
        failing,
        endpoint={"timeout_seconds": 0.3, "concurrency": 4},
        plan=PlanSpec(epochs=2),
    )
    work_on_run(run.pk)
    Trial.objects.filter(run=run, state="infra_error", epoch=0).update(state="ok", output="billing")
    failing.clear()
    made = retried(run.evaluation)
    assert made is not None
    work_on_run(made.runs.get().pk)
    assert asked(failing) == {3: 1, 17: 1}
    assert made.runs.get().trials.count() == 40


def test_a_second_press_finds_the_retry_that_goes_on(failing):
    run = finished(failing)
    first, second = retried(run.evaluation), retried(run.evaluation)
    assert first == second
    assert Evaluation.objects.count() == 2


def test_nothing_failed_so_nothing_is_asked(server):
    run = started(server)
    work_on_run(run.pk)
    assert retried(run.evaluation) is None
    assert Evaluation.objects.count() == 1


def test_a_stopped_evaluation_is_finished_by_its_retry(failing):
    run = started(failing, endpoint={"timeout_seconds": 0.3})
    make.answer(run, asked=6)
    Trial.objects.filter(run=run, place=0).update(state="infra_error", output=None)
    run.shards.update(state=ShardState.DONE)
    make.complete(run)
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    make.finish(run.evaluation)
    failing.clear()
    made = retried(run.evaluation)
    assert made is not None
    work_on_run(made.runs.get().pk)
    assert len(failing.requests) == 15
    assert made.runs.get().trials.filter(is_reused=True).count() == 5


def test_a_retry_of_a_fresh_evaluation_takes_no_older_answers(failing):
    run = finished(failing)
    Evaluation.objects.filter(pk=run.evaluation_id).update(reuse_answers=False)
    made = retried(run.evaluation)
    assert made is not None
    assert made.reuse_answers is False


def test_the_identity_goes_to_the_evaluation_of_the_command(failing):
    run = finished(failing)
    made = begin_again(evaluation=run.evaluation, states=INFRA, user=None, identity="f" * 64)
    assert made is not None
    assert made.identity == "f" * 64
    third = begin_again(evaluation=made, states=INFRA, user=None, identity="f" * 64)
    assert third is None


def test_an_open_evaluation_asks_again_in_place(failing):
    run = live(failing)
    failing.clear()
    assert retried(run.evaluation) == run.evaluation
    run.refresh_from_db()
    assert (run.state, run.finished_at) == (RunState.QUEUED, None)
    assert run.trials.count() == 18
    work_on_run(run.pk)
    assert asked(failing) == {3: 1, 17: 1}
    assert states(run) == {"ok": 19, "model_error": 1}
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert AuditEntry.objects.get(action="failed trials asked again").details == {"trials": 2}


def test_a_shard_that_a_worker_holds_is_left_alone(failing):
    run = live(failing)
    lost = run.trials.get(state="infra_error", sample__row=3)
    held = run.shards.get(start__lte=lost.place, stop__gt=lost.place)
    run.shards.filter(pk=held.pk).update(
        state=ShardState.LEASED, holder="one:1:1:1", lease_until=timezone.now() + shards.LEASE
    )
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    retried(run.evaluation)
    held.refresh_from_db()
    assert (held.state, held.holder) == (ShardState.LEASED, "one:1:1:1")
    assert run.trials.filter(pk=lost.pk).exists()


def test_a_run_that_is_opened_again_no_longer_says_why_it_ended(failing):
    run = live(failing)
    Run.objects.filter(pk=run.pk).update(message="settled after 8 of 20 samples", settled_after=8)
    retried(run.evaluation)
    run.refresh_from_db()
    assert (run.state, run.message, run.settled_after) == (RunState.QUEUED, "", None)


def test_whoever_went_on_after_bad_first_answers_is_not_asked_once_more(failing):
    failing.answer = lambda _messages: "no queue at all"
    run = finished(failing)
    assert Run.objects.get(pk=run.pk).is_smoke_tested
    failing.clear()
    made = retried(run.evaluation)
    assert made is not None
    again = made.runs.get()
    work_on_run(again.pk)
    again.refresh_from_db()
    assert (again.state, states(again)["ok"]) == (RunState.COMPLETED, 19)


def test_a_run_that_was_stopped_is_not_opened_again(failing):
    run = live(failing)
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    assert retried(run.evaluation) is None
    assert states(run)["infra_error"] == 2


def test_a_paused_run_stays_paused_and_lacks_what_failed(failing):
    run = live(failing)
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED)
    assert retried(run.evaluation) == run.evaluation
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert Counter(run.trials.values_list("state", flat=True)) == {"ok": 17, "model_error": 1}
