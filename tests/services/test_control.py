"""Pausing, resuming and cancelling while a worker is at it, against a real HTTP endpoint."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from evals.models import AuditEntry, Evaluation, VerdictRow
from evals.models.evaluations import RunState, ShardState
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.queries.standings import speaking
from evals.services import control, evaluations, shards, watching
from evals.services.execution import work_on_run
from tests import make
from tests.services.test_evaluations import Bells
from tests.services.test_execution import asked, in_thread, started, states, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


@pytest.fixture
def bells(monkeypatch):
    heard = Bells()
    monkeypatch.setattr("evals.queue.signature", heard)
    return heard


def two_runs(server, **options):
    specs = [make.candidate_spec(name, base_url=server.base_url) for name in ("one", "two")]
    return make.live_evaluation(candidates=specs, **options)


def document(evaluation: Evaluation):
    found = Evaluation.objects.select_related("version").get(pk=evaluation.pk)
    return evaluation_document(found, frozen_spec(found))


def test_pausing_stores_what_is_in_flight_and_resuming_asks_nothing_twice(server):
    server.latency_seconds = 0.15
    run = started(server, samples=100, endpoint={"concurrency": 8})
    ann = make.member(run.evaluation.task.team, email="ann@example.com")
    worker = in_thread(run)
    until(lambda: run.trials.count() >= 16)
    assert control.pause_evaluation(evaluation=run.evaluation, user=ann) == 1
    worker.join()
    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.PAUSED, "paused by ann@example.com")
    assert run.trials.count() == len(server.requests) < 100
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    assert not VerdictRow.objects.exists()
    server.latency_seconds = 0
    evaluations.resume_evaluation(evaluation=run.evaluation, user=ann)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.COMPLETED, "")
    assert asked(server) == dict.fromkeys(range(100), 1)
    assert states(run) == {"ok": 100}
    lines = AuditEntry.objects.filter(user=ann).values_list("action", flat=True)
    assert sorted(lines) == ["evaluation paused", "evaluation resumed"]


def test_one_run_is_paused_and_resumed_while_the_other_goes_on(server, bells):
    evaluation = two_runs(server)
    one, two = evaluation.runs.select_related("candidate", "evaluation__task__team")
    bells.rung.clear()
    assert control.pause_one(run=one, user=None)
    assert not control.pause_one(run=one, user=None)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, one.message) == (RunState.PAUSED, "paused from the command line")
    assert two.state == RunState.QUEUED
    assert control.resume_one(run=one, user=None, now=timezone.now())
    assert not control.resume_one(run=one, user=None, now=timezone.now())
    assert bells.rung == [("evals.work_on_run", one.pk, "default")]
    one.refresh_from_db()
    assert (one.state, one.message) == (RunState.QUEUED, "")
    details = AuditEntry.objects.get(action="run paused").details
    assert details == {"candidate": "one"}


def test_what_has_ended_is_neither_paused_nor_cancelled(server):
    evaluation = make.evaluation()
    assert control.pause_evaluation(evaluation=evaluation, user=None) == 0
    assert not control.cancel_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    evaluation.refresh_from_db()
    assert evaluation.state == RunState.COMPLETED
    assert not AuditEntry.objects.filter(action__in=["evaluation paused"]).exists()


def test_cancelling_gives_up_calls_in_flight_and_gives_no_verdict(server):
    server.latency_seconds = 0.1
    run = started(server, samples=200, endpoint={"concurrency": 8})
    worker = in_thread(run)
    until(lambda: run.trials.count() >= 8)
    server.latency_seconds = 20
    until(lambda: server.in_flight == 8 and server.requests[-1] is not None)
    time.sleep(0.3)
    begun = time.monotonic()
    assert control.cancel_evaluation(evaluation=run.evaluation, user=None, now=timezone.now())
    stored = run.trials.count()
    worker.join()
    assert time.monotonic() - begun < 5  # the calls would have taken twenty
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert (run.trials.count(), run.in_flight) == (stored, 0)
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    evaluation = Evaluation.objects.get(pk=run.evaluation_id)
    assert (evaluation.state, evaluation.finished_at is None) == (RunState.CANCELLED, False)
    assert not VerdictRow.objects.exists()
    work_on_run(run.pk)
    evaluations.ring_unfinished(now=timezone.now() + timedelta(hours=1))
    assert not VerdictRow.objects.exists()
    assert run.trials.count() == stored


def test_answers_that_come_after_a_cancelling_are_counted_as_paid_in_vain(server, monkeypatch):
    monkeypatch.setattr(watching, "LOOK_SECONDS", 1.0)
    server.latency_seconds = 0.1
    run = started(server, samples=200, endpoint={"concurrency": 8})
    worker = in_thread(run)
    until(lambda: run.trials.count() >= 16)
    control.cancel_evaluation(evaluation=run.evaluation, user=None, now=timezone.now())
    worker.join()
    run.refresh_from_db()
    assert run.trials.count() + run.unconfirmed == len(server.requests) < 200


def test_a_cancelled_evaluation_is_undecided_and_says_so(server):
    evaluation = two_runs(server)
    one, _ = evaluation.runs.all()
    work_on_run(one.pk)
    assert document(evaluation)["candidates"][0]["trials"]["ok"] == 20
    control.cancel_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    result = document(evaluation)
    assert (result["state"], result["verdict"]) == ("cancelled", "undecided")
    assert [c["verdict"] for c in result["candidates"]] == [None, None]
    assert [c["state"] for c in result["candidates"]] == ["completed", "cancelled"]
    sentence = result["candidates"][1]["sentence"]
    assert sentence == "two: cancelled from the command line; no verdict"
    assert result["candidates"][0]["sentence"] == "one: completed; no verdict"
    assert {line["state"] for line in result["candidates"][0]["criteria"]} == {"unsettled"}


def test_a_cancelled_evaluation_speaks_for_no_task(server):
    evaluation = two_runs(server)
    control.cancel_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    assert list(speaking(Evaluation.objects.all())) == []


def test_what_a_cancelled_evaluation_stored_is_taken_over(server):
    first = started(server, samples=20)
    make.answer(first, asked=4)
    control.cancel_evaluation(evaluation=first.evaluation, user=None, now=timezone.now())
    task = first.evaluation.task
    specs = [make.candidate_spec(base_url=server.base_url, price=make.TOKEN_PRICE)]
    again = make.live_evaluation(task, candidates=specs).runs.get()
    work_on_run(again.pk)
    third = make.live_evaluation(task, candidates=specs).runs.get()
    control.cancel_evaluation(evaluation=third.evaluation, user=None, now=timezone.now())
    fourth = make.live_evaluation(task, candidates=specs).runs.get()
    work_on_run(fourth.pk)
    assert len(server.requests) == 20
    assert states(fourth) == {"ok": 20}


def test_cancelling_frees_the_identity_of_a_command(server):
    evaluation = with_identity(started(server).evaluation)
    control.cancel_evaluation(evaluation=evaluation, user=None, now=timezone.now())
    evaluation.refresh_from_db()
    assert evaluation.identity is None
    assert AuditEntry.objects.get(action="evaluation cancelled").details == {"identity": "f" * 64}


def with_identity(evaluation: Evaluation) -> Evaluation:
    """Return a copy that a command made, with the runs of the original."""
    copy = Evaluation.objects.get(pk=evaluation.pk)
    copy.pk, copy.number, copy.identity = None, 99, "f" * 64
    copy.save()
    evaluation.runs.update(evaluation=copy, rung_at=None)
    return copy


def test_a_commands_evaluation_that_a_person_resumed_is_beats_from_then_on(server, bells):
    evaluation = with_identity(started(server).evaluation)
    run, now = evaluation.runs.get(), timezone.now()
    evaluations.pause_run(run_id=run.pk, message="HTTP 401")
    bells.rung.clear()
    evaluations.resume_evaluation(evaluation=evaluation, user=None)
    evaluations.begin_run(run_id=run.pk, now=now)  # a worker came, and was killed
    assert len(bells.rung) == 1
    evaluations.ring_unfinished(now=now + timedelta(seconds=90))
    assert len(bells.rung) == 2
    evaluations.ring_unfinished(now=now + timedelta(seconds=100))
    assert len(bells.rung) == 2
    evaluations.ring_unfinished(now=now + timedelta(seconds=200))
    assert len(bells.rung) == 3


def test_once_its_command_is_back_nobody_else_is_rung_for(server, bells):
    evaluation = with_identity(started(server).evaluation)
    run, now = evaluation.runs.get(), timezone.now()
    evaluations.pause_run(run_id=run.pk, message="HTTP 401")
    evaluations.resume_evaluation(evaluation=evaluation, user=None)
    bells.rung.clear()
    evaluations.take_over(evaluation=evaluation)
    evaluations.begin_run(run_id=run.pk, now=now)
    evaluations.ring_unfinished(now=now + timedelta(hours=1))
    assert bells.rung == []


def test_resuming_leaves_a_run_alone_that_somebody_works_on(server, bells):
    evaluation = two_runs(server)
    one, two = evaluation.runs.all()
    now = timezone.now()
    shards.claim_shard(run_id=one.pk, holder="elsewhere:1:1:1", now=now)
    evaluations.pause_run(run_id=two.pk, message="HTTP 401")
    bells.rung.clear()
    evaluations.resume_evaluation(evaluation=evaluation, user=None)
    assert bells.rung == [("evals.work_on_run", two.pk, "default")]


def test_stopping_and_cancelling_at_once_end_it_once(server):
    for _ in range(5):
        run = started(server, samples=5)
        ways = [
            lambda e=run.evaluation: evaluations.stop_evaluation(
                evaluation=e, user=None, now=timezone.now()
            ),
            lambda e=run.evaluation: control.cancel_evaluation(
                evaluation=e, user=None, now=timezone.now()
            ),
        ]
        threads = [threading.Thread(target=closing, args=(way,)) for way in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended = Evaluation.objects.get(pk=run.evaluation_id)
        verdicts = VerdictRow.objects.filter(run=run).count()
        assert (ended.state, verdicts) in {(RunState.STOPPED, 1), (RunState.CANCELLED, 0)}
    lines = AuditEntry.objects.filter(action__in=["evaluation stopped", "evaluation cancelled"])
    assert Counter(lines.values_list("subject", flat=True)).most_common(1)[0][1] == 1


def closing(way):
    try:
        way()
    finally:
        connection.close()
