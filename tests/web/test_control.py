"""Pausing, resuming, cancelling and retrying from the evaluation's page."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import AuditEntry, Evaluation, Run, Trial
from evals.models.evaluations import RunState
from tests import make

pytestmark = pytest.mark.django_db
OF_EVALUATION = (
    "evaluation_pause",
    "evaluation_resume",
    "evaluation_stop",
    "evaluation_cancel",
    "evaluation_retry",
)
OF_RUN = ("run_pause", "run_resume")


@pytest.fixture
def live(team) -> Evaluation:
    """An evaluation of two candidates; one of its trials was lost, one was refused."""
    evaluation = make.live_evaluation(make.task(team))
    for run in evaluation.runs.all():
        make.answer(run, asked=10)
    first = Trial.objects.filter(run__evaluation=evaluation).order_by("pk")
    Trial.objects.filter(pk=first[0].pk).update(state="infra_error", output=None)
    Trial.objects.filter(pk=first[1].pk).update(state="model_error", output=None)
    evaluation.runs.update(state=RunState.RUNNING, started_at=make.NOON)
    return evaluation


@pytest.fixture
def closed(live) -> Evaluation:
    for run in live.runs.all():
        make.complete(run)
    return make.finish(live)


def page(client: Client, evaluation: Evaluation) -> str:
    return client.get(reverse("evals:evaluation", args=[evaluation.pk])).content.decode()


def press(client: Client, name: str, row: Any, **fields: Any) -> Any:
    return client.post(reverse(f"evals:{name}", args=[row.pk]), fields, follow=True)


def addresses(evaluation: Evaluation) -> list[str]:
    run = evaluation.runs.get(position=0)
    return [
        *(reverse(f"evals:{name}", args=[evaluation.pk]) for name in OF_EVALUATION),
        *(reverse(f"evals:{name}", args=[run.pk]) for name in OF_RUN),
    ]


def test_pausing_and_resuming_all_of_it(editor_client, editor, live):
    text = press(editor_client, "evaluation_pause", live).content.decode()
    assert f"paused by {editor.email}" in text
    assert {run.state for run in live.runs.all()} == {RunState.PAUSED}
    assert ">Resume</button>" in text
    assert ">Pause</button>" not in text
    press(editor_client, "evaluation_resume", live)
    assert {run.state for run in live.runs.all()} == {RunState.QUEUED}
    actions = AuditEntry.objects.filter(user=editor).values_list("action", flat=True)
    assert sorted(actions) == ["evaluation paused", "evaluation resumed"]


def test_pausing_and_resuming_one_candidate(editor_client, live):
    run = live.runs.get(position=1)
    assert reverse("evals:run_pause", args=[run.pk]) in page(editor_client, live)
    press(editor_client, "run_pause", run)
    assert [r.state for r in live.runs.all()] == [RunState.RUNNING, RunState.PAUSED]
    text = page(editor_client, live)
    assert reverse("evals:run_resume", args=[run.pk]) in text
    assert reverse("evals:run_pause", args=[run.pk]) not in text
    press(editor_client, "run_resume", run)
    assert [r.state for r in live.runs.all()] == [RunState.RUNNING, RunState.QUEUED]


def test_the_fragment_that_is_polled_has_the_same_buttons(editor_client, viewer_client, live):
    fragment = reverse("evals:evaluation_progress", args=[live.pk])
    run = live.runs.get(position=1)
    button = reverse("evals:run_pause", args=[run.pk])
    assert button in editor_client.get(fragment).content.decode()
    assert button not in viewer_client.get(fragment).content.decode()


def test_cancelling_asks_first_and_gives_no_verdict(editor_client, live):
    address = reverse("evals:evaluation_cancel", args=[live.pk])
    assert "It ends without a verdict" in editor_client.get(address).content.decode()
    live.refresh_from_db()
    assert live.finished_at is None
    text = press(editor_client, "evaluation_cancel", live).content.decode()
    assert "no verdict follows" in text
    assert "cancelled by" in text
    assert "Against the bar" not in text
    live.refresh_from_db()
    assert live.state == RunState.CANCELLED
    result = editor_client.get(reverse("evals:evaluation_result", args=[live.pk])).json()
    assert (result["state"], result["verdict"]) == ("cancelled", "undecided")
    assert {c["verdict"] for c in result["candidates"]} == {None}
    for name in ("portfolio", "tasks", "evaluations"):
        assert editor_client.get(reverse(f"evals:{name}")).status_code == 200
    assert editor_client.get(reverse("evals:task", args=[live.task_id])).status_code == 200


def test_retrying_an_open_evaluation_asks_what_is_ticked(editor_client, live):
    address = reverse("evals:evaluation_retry", args=[live.pk])
    form = editor_client.get(address).content.decode()
    assert "1 trial: no reply could be had" in form
    assert "1 trial: the endpoint refused" in form
    assert "scorer" not in form.partition("<main")[2]
    press(editor_client, "evaluation_retry", live, states=["infra_error"])
    left = Trial.objects.filter(run__evaluation=live).exclude(state="ok")
    assert [trial.state for trial in left] == ["model_error"]
    assert Evaluation.objects.count() == 1


def test_retrying_a_closed_evaluation_begins_another_one(editor_client, editor, closed):
    address = reverse("evals:evaluation_retry", args=[closed.pk])
    form = editor_client.get(address).content.decode()
    assert "Its verdicts stay as they are" in form
    assert "the 20 trials that were never asked" in form
    response = press(editor_client, "evaluation_retry", closed, states=["infra_error"])
    made = Evaluation.objects.get(extends=closed)
    assert response.redirect_chain == [(f"/evaluations/{made.pk}/", 302)]
    text = response.content.decode()
    assert f'<a href="/evaluations/{closed.pk}/">evaluation {closed.number}</a>' in text
    assert "19 of 19 answers reused, nothing paid for them" in text
    assert made.created_by == editor


def test_nothing_ticked_is_told(editor_client, live):
    response = press(editor_client, "evaluation_retry", live)
    assert response.status_code == 422
    assert b"Nothing is ticked" in response.content


def test_what_a_command_made_is_retried_by_its_command(editor_client, closed):
    copy = Evaluation.objects.get(pk=closed.pk)
    copy.pk, copy.number, copy.identity = None, 99, "f" * 64
    copy.save()
    closed.runs.update(evaluation=copy)
    address = reverse("evals:evaluation_retry", args=[copy.pk])
    assert editor_client.get(address).status_code == 404
    assert address not in page(editor_client, copy)


def test_buttons_are_there_only_where_they_apply(editor_client, live, team):
    text = page(editor_client, live)
    shown = ("evaluation_pause", "evaluation_stop", "evaluation_cancel", "evaluation_retry")
    for name in shown:
        assert reverse(f"evals:{name}", args=[live.pk]) in text
    assert reverse("evals:evaluation_resume", args=[live.pk]) not in text
    whole = make.evaluation(make.task(team))
    text = page(editor_client, whole)
    for name in OF_EVALUATION:
        assert reverse(f"evals:{name}", args=[whole.pk]) not in text


def test_a_viewer_is_offered_nothing_and_may_do_nothing(viewer_client, live):
    text = page(viewer_client, live)
    for address in addresses(live):
        assert f'"{address}"' not in text
        assert viewer_client.post(address).status_code == 404
    assert {run.state for run in live.runs.all()} == {RunState.RUNNING}


def test_for_a_stranger_there_is_nothing_to_control(stranger_client, live):
    for address in addresses(live):
        assert stranger_client.post(address).status_code == 404
    assert {run.state for run in live.runs.all()} == {RunState.RUNNING}


def test_the_anonymous_sign_in_first(client, live):
    for address in addresses(live):
        assert client.post(address)["Location"].startswith("/sign-in/")


def test_every_button_of_a_live_page_carries_the_token(editor, live):
    Run.objects.filter(pk=live.runs.get(position=1).pk).update(state=RunState.PAUSED)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    for name in ("evaluation", "evaluation_progress"):
        text = strict.get(reverse(f"evals:{name}", args=[live.pk])).content.decode()
        forms = re.findall(r'<form[^>]*method="post"[^>]*>.*?</form>', text, re.DOTALL)
        assert len(forms) >= 2
        assert all('name="csrfmiddlewaretoken"' in form for form in forms)


def test_nothing_is_changed_by_looking_or_without_a_token(editor, live):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    for address in addresses(live):
        assert strict.post(address).status_code == 403
        assert strict.get(address).status_code in {200, 405}
    assert {run.state for run in live.runs.all()} == {RunState.RUNNING}
