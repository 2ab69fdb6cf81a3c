"""The page of what waits for a person: everything in one place, nothing of other teams."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.models import HumanScore, Report, Role, Run, Team, Trial
from evals.models.evaluations import RunState
from evals.queries import reviews
from evals.services.decisions import propose_report
from tests import make
from tests.conftest import signed_in

PAGE, FILE = "evals:review", "evals:review_file"


@pytest.fixture
def admin_client(team: Team) -> Client:
    return signed_in(make.member(team, role=Role.ADMIN, email="admin@example.com"))


def text_of(client: Client) -> str:
    response = client.get(reverse(PAGE))
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


def listed(client: Client) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the file by their list."""
    response = client.get(reverse(FILE))
    assert response["Content-Type"].startswith("text/csv")
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(StringIO(response.content.decode())):
        found.setdefault(row["list"], []).append(row)
    return found


def finished(team: Team, *, right: int = 20) -> Run:
    answers = {"gpt-x": 20, "open-model": right}
    made = make.evaluation(make.task(team, name="Ticket triage"), right=answers)
    return made.runs.get(is_incumbent=False)


def proposed(run: Run) -> Report:
    user = make.member(run.evaluation.task.team)
    return propose_report(evaluation=run.evaluation, user=user, now=timezone.now())


def decide(client: Client, report: Report, *, days: int) -> Any:
    taken = report.evaluation.runs.get(is_incumbent=False).candidate_id
    until = (timezone.now() + timedelta(days=days)).date().isoformat()
    sent = {"outcome": "go", "candidate": taken, "reason": "Good.", "expires_on": until}
    return client.post(reverse("evals:report_decide", args=[report.pk]), sent)


def score(run: Run, *, place: int, value: float, **fields: Any) -> HumanScore:
    trial = Trial.objects.get(run=run, place=place)
    return HumanScore.objects.create(trial=trial, scorer="exact_match", value=value, **fields)


def test_a_team_without_anything_to_do_is_told_so(viewer_client: Client, team: Team):
    finished(team)
    text = text_of(viewer_client)
    assert "Nothing waits for you" in text
    assert "CSV" not in text
    assert listed(viewer_client) == {}


def test_a_proposal_waits_for_the_admins(editor_client: Client, admin_client: Client, team: Team):
    report = proposed(finished(team))
    decide_at, read_at = (
        reverse(name, args=[report.pk]) for name in ("evals:report_decide", "evals:report")
    )
    assert f'href="{decide_at}"' in text_of(admin_client)
    assert f'href="{read_at}"' in text_of(editor_client)
    assert f'href="{decide_at}"' not in text_of(editor_client)
    assert decide(admin_client, report, days=60).status_code == 302
    assert "Nothing waits for you" in text_of(admin_client)


def test_a_decision_that_runs_out_comes_up_two_weeks_before(admin_client: Client, team: Team):
    decide(admin_client, proposed(finished(team)), days=13)
    (row,) = listed(admin_client)["expiring"]
    assert (row["what"], row["state"]) == ("Ticket triage, record 1", "expiring")
    assert "Decided: GO, until" in row["why"]


def test_a_stale_verdict_says_why(viewer_client: Client, team: Team):
    run = finished(team)
    make.bar(run.evaluation.task, make.BAR[:1])
    (row,) = listed(viewer_client)["stale"]
    assert row["what"] == "open-model, Ticket triage 1"
    assert "Bar v2 has replaced the one it rests on." in row["why"]


def test_a_verdict_that_grew_old_by_itself_says_until_when_it_held(
    viewer_client: Client, team: Team
):
    made = make.live_evaluation(make.task(team))
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    make.finish(made, now=timezone.now() - timedelta(days=200))
    (row,) = listed(viewer_client)["stale"]
    assert row["state"] == "expired"
    assert "90 days after it was computed" in row["why"]


def test_only_the_evaluation_that_speaks_for_a_task_is_named_stale(
    viewer_client: Client, team: Team
):
    run = finished(team)
    make.bar(run.evaluation.task, make.BAR[:1])
    make.evaluation(run.evaluation.task, criteria=make.BAR[:1])
    assert "stale" not in listed(viewer_client)


def test_a_paused_run_is_there_with_its_reason(viewer_client: Client, team: Team):
    live = make.live_evaluation(make.task(team, name="Ticket triage"))
    live.runs.filter(is_incumbent=False).update(state=RunState.PAUSED, message="401: bad key")
    (row,) = listed(viewer_client)["runs"]
    assert (row["what"], row["state"]) == ("open-model, Ticket triage 1", "paused")
    assert row["why"] == "401: bad key"
    assert "401: bad key" in text_of(viewer_client)


def test_a_run_that_failed_long_ago_is_not_there_for_ever(viewer_client: Client, team: Team):
    run = finished(team)
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED, message="broken")
    assert [row["why"] for row in listed(viewer_client)["runs"]] == ["broken"]
    make.evaluation(run.evaluation.task)
    assert "runs" not in listed(viewer_client)


def test_samples_on_which_candidates_disagree_lead_to_the_drawer(editor_client: Client, team: Team):
    run = finished(team, right=17)
    (row,) = listed(editor_client)["samples"]
    assert "disagree on 3 samples" in row["why"]
    queue = editor_client.get(row["address"]).content.decode()
    assert "3 trials" in queue
    for place in (17, 18, 19):
        score(run, place=place, value=0)
    assert "samples" not in listed(editor_client)
    assert "No trial matches" in editor_client.get(row["address"]).content.decode()


def test_scores_of_other_samples_hide_no_disagreement(editor_client: Client, team: Team):
    run = finished(team, right=17)
    for place in range(5):
        score(run, place=place, value=1)
    (row,) = listed(editor_client)["samples"]
    assert row["why"] == "It and the incumbent disagree on 3 samples."
    score(run, place=18, value=0)
    (row,) = listed(editor_client)["samples"]
    assert row["why"] == "It and the incumbent disagree on 3 samples, 1 of them scored by a person."


def test_a_human_score_against_the_scorer_is_there_until_it_is_taken_back(
    viewer_client: Client, team: Team
):
    run = finished(team)
    score(run, place=1, value=1)
    against = score(run, place=2, value=0, note="a synonym")
    (row,) = listed(viewer_client)["contradictions"]
    assert "exact match 1, somebody who has left says 0." in row["why"]
    assert "a synonym" in row["why"]
    assert row["address"].endswith(f"/trials/{against.trial_id}/?human=against")
    assert "1 trial" in viewer_client.get(row["address"]).content.decode()
    HumanScore.objects.filter(pk=against.pk).update(withdrawn_at=timezone.now())
    assert "contradictions" not in listed(viewer_client)


def test_what_people_scored_can_be_filtered(viewer_client: Client, team: Team):
    run = finished(team)
    score(run, place=1, value=1)
    address = reverse("evals:run", args=[run.pk])
    for human, count in (("none", "19 trials"), ("any", "1 trial"), ("against", "No trial")):
        assert count in viewer_client.get(f"{address}?human={human}").content.decode()


def test_what_is_not_shown_is_counted(
    viewer_client: Client, team: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reviews, "MOST", 2)
    run = finished(team)
    for place in range(5):
        score(run, place=place, value=0)
    for _ in range(3):
        live = make.live_evaluation(run.evaluation.task)
        live.runs.update(state=RunState.PAUSED, message="401: bad key")
    text = text_of(viewer_client)
    assert "11 things to look at" in text
    assert "3 more not shown" in text
    assert "4 more not shown" in text


def test_a_stranger_sees_nothing_of_it(stranger_client: Client, viewer_client: Client, team: Team):
    run = finished(team, right=17)
    proposed(run)
    make.bar(run.evaluation.task, make.BAR[:1])
    score(run, place=1, value=0)
    assert set(listed(viewer_client)) == {"decisions", "stale", "samples", "contradictions"}
    assert listed(stranger_client) == {}
    assert "Ticket triage" not in text_of(stranger_client)


def test_the_sidebar_leads_there(viewer_client: Client, team: Team):
    assert f'<a href="{reverse(PAGE)}" aria-current="page">Review</a>' in text_of(viewer_client)
