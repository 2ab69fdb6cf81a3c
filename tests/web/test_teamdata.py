"""How long answers are kept, what is left of them, and deleting a task for good."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evals import jobs
from evals.domain.cascadesignals import Signal, SignalError, SignalKind
from evals.domain.specs import EndpointKind
from evals.models import (
    AuditEntry,
    Evaluation,
    Harness,
    Report,
    Role,
    Sample,
    Task,
    Trial,
    VerdictRow,
)
from evals.models.decisions import Outcome
from evals.queries.results import computed_documents
from evals.queries.specs import frozen_spec
from evals.services import retention
from evals.services.cascades import start_replay
from evals.services.decisions import Ruling, decide, propose_report
from tests import make
from tests.conftest import signed_in

LATER = timezone.now() + timedelta(days=31)


@pytest.fixture
def admin(team):
    return make.member(team, role=Role.ADMIN)


@pytest.fixture
def admin_client(admin):
    return signed_in(admin)


@pytest.fixture
def finished(team) -> Evaluation:
    made = make.evaluation(make.task(team, name="Triage"))
    Trial.objects.update(details={"other": {"answer": "x"}})
    return made


def keep(client, days):
    return client.post("/team/data/", {"days": days}, follow=True)


def computed(evaluation: Evaluation) -> list[Any]:
    """Return what is found when everything is computed from the trials anew."""
    return computed_documents(evaluation, frozen_spec(evaluation), list(evaluation.runs.all()))


def texts() -> set[str]:
    rows = Trial.objects.values_list("output", "answer", "error")
    return {text for row in rows for text in row if text}


def test_an_admin_says_for_how_long_answers_are_kept(admin_client, team, finished):
    assert b"kept for ever" in admin_client.get("/team/data/").content
    Evaluation.objects.update(finished_at=timezone.now() - timedelta(days=40))
    page = keep(admin_client, 30).content.decode()
    assert "1 evaluation ended longer ago" in page
    team.refresh_from_db()
    assert team.retention_days == 30
    assert texts()
    keep(admin_client, "")
    team.refresh_from_db()
    assert team.retention_days is None
    assert AuditEntry.objects.filter(action="retention set").count() == 2


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999999999"])
def test_odd_numbers_of_days_are_refused(admin_client, team, days):
    assert admin_client.post("/team/data/", {"days": days}).status_code == 422


def test_old_answers_go_and_what_was_found_stays(admin_client, viewer_client, finished):
    keep(admin_client, 30)
    before = computed(finished)
    retention.delete_old_answers(now=finished.finished_at + timedelta(days=29))
    assert texts()
    erased = retention.delete_old_answers(now=finished.finished_at + timedelta(days=31))
    assert (erased, texts()) == (40, set())
    assert not Trial.objects.exclude(details={"erased": True}).exists()
    assert not Trial.objects.filter(prompt_hash__isnull=False).exists()
    assert Trial.objects.filter(scores__exact_match=1).count() > 0
    assert computed(finished) == before
    assert VerdictRow.objects.count() == 2
    trial = Trial.objects.earliest("pk")
    page = viewer_client.get(f"/runs/{trial.run_id}/trials/{trial.pk}/").content.decode()
    assert "Deleted: the team keeps answers for some time only" in page
    response = viewer_client.get(f"/evaluations/{finished.pk}/samples.jsonl")
    line = json.loads(b"".join(response.streaming_content).splitlines()[0])
    assert (line["output"], line["answer"]) == (None, None)
    assert line["scores"]


def test_a_second_run_finds_nothing_and_says_nothing(admin_client, finished):
    keep(admin_client, 30)
    assert retention.delete_old_answers(now=LATER + timedelta(days=300)) == 40
    assert retention.delete_old_answers(now=LATER + timedelta(days=300)) == 0
    (line,) = AuditEntry.objects.filter(action="answers deleted")
    assert (line.subject, line.details["trials"]) == ("Triage 1", 40)


def test_without_a_rule_and_before_an_end_nothing_goes(admin_client, team, finished):
    jobs.delete_old_answers()
    retention.delete_old_answers(now=LATER + timedelta(days=3000))
    live = make.live_evaluation(make.task(team))
    for run in live.runs.all():
        make.answer(run, asked=3)
    keep(admin_client, 1)
    retention.delete_old_answers(now=LATER + timedelta(days=3000))
    left = Trial.objects.exclude(details={"erased": True})
    assert {trial.run.evaluation_id for trial in left} == {live.pk}


def test_a_cascade_is_not_replayed_on_what_is_gone(admin_client, finished):
    keep(admin_client, 1)
    retention.delete_old_answers(now=LATER + timedelta(days=300))
    first, second = finished.runs.order_by("-position")
    signal = Signal(kind=SignalKind.ANSWERED)
    with pytest.raises(SignalError, match="deleted"):
        start_replay(evaluation=finished, first=first, second=second, signal=signal, user=None)


def test_deleting_a_task_wants_its_very_name_and_says_what_is_lost(admin_client, finished):
    address = f"/tasks/{finished.task_id}/delete/"
    page = admin_client.get(address).content.decode()
    assert "1 evaluation with 40 answers" in page
    assert "20 samples" in page
    assert admin_client.post(address, {"name": "triage"}).status_code == 422
    assert Task.objects.exists()
    page = admin_client.post(address, {"name": "Triage"}, follow=True).content.decode()
    assert "Triage is deleted" in page
    for table in (Task, Evaluation, Trial, Sample, VerdictRow, Harness):
        assert not table.objects.exists(), table
    line = AuditEntry.objects.get(action="task deleted")
    assert (line.subject, line.details["answers"]) == ("Triage", 40)


def test_another_task_keeps_all_it_has(admin_client, team, finished):
    other = make.evaluation(make.task(team, name="Other"))
    admin_client.post(f"/tasks/{finished.task_id}/delete/", {"name": "Triage"})
    assert Trial.objects.filter(run__evaluation=other).count() == 40
    assert admin_client.get(f"/evaluations/{other.pk}/").status_code == 200


def test_signed_decisions_are_said_and_their_hashes_kept(admin_client, admin, finished):
    now = timezone.now()
    report = propose_report(evaluation=finished, user=admin, now=now)
    ruling = Ruling(outcome=Outcome.NO_GO, reason="Too dear.")
    decision = decide(report=report, ruling=ruling, user=admin, now=now)
    address = f"/tasks/{finished.task_id}/delete/"
    assert "signed decision" in admin_client.get(address).content.decode()
    admin_client.post(address, {"name": "Triage"})
    assert not Report.objects.exists()
    line = AuditEntry.objects.get(action="task deleted")
    assert decision.sha256 in line.details["decisions"][0]


def test_answers_recorded_for_the_task_alone_go_and_shared_endpoints_stay(admin_client, team):
    task = make.task(team, name="Triage")
    recorded = make.candidate(task, kind=EndpointKind.RECORDED, name="logs")
    shared = make.candidate(task)
    admin_client.post(f"/tasks/{task.pk}/delete/", {"name": "Triage"})
    assert not type(recorded.endpoint).objects.filter(pk=recorded.endpoint_id).exists()
    assert type(shared.endpoint).objects.filter(pk=shared.endpoint_id).exists()


def test_a_task_is_not_deleted_under_a_live_evaluation(admin_client, team):
    live = make.live_evaluation(make.task(team, name="Triage"))
    response = admin_client.post(f"/tasks/{live.task_id}/delete/", {"name": "Triage"})
    assert response.status_code == 422
    assert b"stop or cancel it first" in response.content
    assert Task.objects.exists()
