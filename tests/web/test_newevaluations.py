"""Starting an evaluation: from the first admin's link to frozen rows, and what stops it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from evals.domain.specs import EndpointKind, HarnessSpec, PlanSpec
from evals.models import AuditEntry, Candidate, Evaluation, Shard, Task
from evals.models.evaluations import RunState
from evals.queries.specs import frozen_spec
from evals.services import tasks as task_services
from evals.services import teams
from tests import make
from tests.web.test_bars import EXACT, ONE_LINE
from tests.web.test_candidates import LOCAL, OPENAI, STAND_IN
from tests.web.test_uploads import CSV, MAPPING

PASSWORD = "a rather longer password"  # noqa: S105


@pytest.fixture
def task(team):
    task = make.task(team)
    make.version(task, samples=5)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    return task


def fields(task, *candidates: Candidate, **more) -> dict[str, Any]:
    version = task.eval_sets.get().versions.latest("pk")
    return {
        "version": version.pk,
        "bar": task.bars.latest("number").pk,
        "candidates": [c.pk for c in candidates],
        "incumbent": "",
        "alpha": "0.05",
        "seed": "7",
        "epochs": "1",
        **more,
    }


def url(task) -> str:
    return f"/tasks/{task.pk}/evaluations/new/"


@pytest.fixture
def prepared(db, settings, tmp_path) -> tuple[Client, Task]:
    """A first admin who has made a task, uploaded its eval set and written its bar."""
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    link = f"/first-admin/{teams.create_admin_link(now=timezone.now())}/"
    client.post(link, {"email": "ann@example.com", "password": PASSWORD, "again": PASSWORD})
    upload = client.post("/tasks/new/", {"name": "Support intent"})["Location"]
    mapping = client.post(upload, {"file": SimpleUploadedFile("tickets.csv", CSV)})["Location"]
    assert client.post(mapping, MAPPING).status_code == 302
    task = Task.objects.get()
    assert client.post(f"/tasks/{task.pk}/bar/", EXACT | ONE_LINE).status_code == 302
    return client, task


def test_the_whole_way_from_the_first_admin_to_a_frozen_evaluation(prepared):
    client, task = prepared
    candidates = f"/tasks/{task.pk}/candidates/new/"
    client.post(candidates, OPENAI)
    client.post(f"{candidates}?kind=stand_in", STAND_IN | {"model_open": "open"})
    closed, opened = Candidate.objects.order_by("pk")
    assert "api.example.com" in client.get(url(task)).content.decode()
    chosen = fields(task, closed, opened, incumbent=closed.pk, agree="on", budget_usd="5")
    response = client.post(url(task), chosen)
    evaluation = Evaluation.objects.get(task=task)
    assert response.url == f"/evaluations/{evaluation.pk}/"
    spec = frozen_spec(evaluation)
    assert [c.name for c in spec.candidates] == ["gpt-x", "pretend"]
    assert (spec.incumbent, spec.plan) == ("gpt-x", PlanSpec(seed=7, budget_usd=Decimal(5)))
    assert spec.scorers[0].name == "exact_match"
    runs = evaluation.runs.order_by("position")
    assert [run.is_incumbent for run in runs] == [True, False]
    assert {run.state for run in runs} == {RunState.QUEUED}
    assert Shard.objects.filter(run__evaluation=evaluation).count() == 2
    assert Task.objects.get().incumbent == closed
    started = AuditEntry.objects.filter(action="evaluation started")
    assert started.filter(user__email="ann@example.com").count() == 1
    assert client.get(response.url).status_code == 200


def test_the_page_says_what_would_be_asked_and_where_data_goes(editor_client, task):
    make.candidate(task)
    make.candidate(task, spec=make.incumbent_spec())
    page = editor_client.get(url(task)).content.decode()
    assert "5 samples, of 2 candidates" in page
    assert "stays with the workers" in page
    assert "api.example.com" in page
    assert "these hosts may see" in page


def test_counting_again_starts_nothing(editor_client, task):
    candidate = make.candidate(task)
    more = {"epochs": "3", "max_samples": "4", "preview": "yes"}
    response = editor_client.post(url(task), fields(task, candidate, **more))
    assert response.status_code == 200
    assert "4 samples, 3 times each, of 1 candidate" in response.content.decode()
    assert not Evaluation.objects.exists()


def test_data_goes_to_a_new_host_only_when_somebody_agreed(editor_client, task):
    candidate = make.candidate(task)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert b"Inputs would leave this server" in response.content
    assert not Evaluation.objects.exists()
    assert editor_client.post(url(task), fields(task, candidate, agree="on")).status_code == 302
    assert AuditEntry.objects.get(action="host let see inputs").subject == "api.example.com"
    assert "may see" not in editor_client.get(url(task)).content.decode()
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


def test_a_stand_in_needs_no_agreement(editor_client, task):
    candidate = make.candidate(task, spec=make.incumbent_spec())
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"candidates": []}, "No candidate is ticked"),
        ({"candidates": ["999999"]}, "not one of the available"),
        ({"version": "999999"}, "not one of the available"),
        ({"bar": ""}, "required"),
        ({"incumbent": "other"}, "not one of the available"),
        ({"alpha": "0.7"}, "below 0.5"),
        ({"epochs": "0"}, "Found 0"),
        ({"epochs": "1000"}, "Found 1000"),
        ({"max_samples": "0"}, "Found 0"),
        ({"budget_usd": "-1"}, "Found -1"),
        ({"seed": "x"}, "whole number"),
    ],
)
def test_a_bad_plan_is_told_and_nothing_starts(editor_client, task, more, message):
    candidate = make.candidate(task, spec=make.incumbent_spec())
    response = editor_client.post(url(task), fields(task, candidate) | more)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Evaluation.objects.exists()


def test_an_incumbent_has_to_be_ticked(editor_client, task):
    ticked = make.candidate(task, spec=make.incumbent_spec())
    other = make.candidate(task, name="other", kind=EndpointKind.STAND_IN)
    response = editor_client.post(url(task), fields(task, ticked, incumbent=other.pk))
    assert b"It is not ticked above" in response.content


def test_a_prompt_that_a_new_eval_set_breaks_is_told(editor_client, task):
    spec = make.candidate_spec("broken", kind=EndpointKind.STAND_IN)
    spec = replace(spec, harness=HarnessSpec(prompt="{{ gone }}"))
    candidate = make.candidate(task, spec=spec)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert "there is no column" in response.content.decode()
    assert not Evaluation.objects.exists()


def test_recorded_answers_that_lack_a_sample_are_told(editor_client, task):
    spec = make.candidate_spec(
        "logs", kind=EndpointKind.RECORDED, file="a.csv", key="text", output="o"
    )
    candidate = make.candidate(task, spec=spec)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert b"has no recorded answer for" in response.content
    assert not Evaluation.objects.exists()


def test_a_key_from_the_environment_is_for_the_command_line(editor_client, task):
    candidate = make.candidate(task, api_key_env="EXAMPLE_KEY")
    response = editor_client.post(url(task), fields(task, candidate, agree="on"))
    assert response.status_code == 422
    assert b"reading the environment is for specs on the command line" in response.content


def test_a_model_that_the_command_line_named_can_be_evaluated(editor_client, task):
    candidate = make.candidate(task, spec=LOCAL)
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


def test_an_archived_candidate_is_not_offered(editor_client, task):
    make.candidate(task, spec=make.incumbent_spec())
    candidate = make.candidate(task)
    editor_client.post(f"/candidates/{candidate.pk}/archive/")
    assert candidate.name not in editor_client.get(url(task)).content.decode()
    response = editor_client.post(url(task), fields(task, candidate, agree="on"))
    assert response.status_code == 422


def test_what_is_missing_comes_first(team, editor_client):
    task = make.task(team)
    page = editor_client.get(url(task)).content.decode()
    assert "Upload an eval set" in page
    assert "Write the bar" in page
    make.version(task)
    page = editor_client.get(url(task)).content.decode()
    assert "Upload an eval set" not in page
    assert "Add a candidate" in page
