"""Every page that is read: who may see it, what it says, and what it costs."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import Evaluation, Run, Team, Trial
from evals.models.evaluations import RunState
from tests import make


@pytest.fixture
def finished(team: Team) -> Evaluation:
    """A finished evaluation: the incumbent has 18 of 20 right, the open model 19."""
    return make.evaluation(make.task(team), right={"gpt-x": 18, "open-model": 19})


@pytest.fixture
def live(team: Team) -> Evaluation:
    """An evaluation that is half done."""
    evaluation = make.live_evaluation(make.task(team))
    for run in evaluation.runs.all():
        make.answer(run, asked=10, right=8)
    Run.objects.filter(evaluation=evaluation).update(state=RunState.RUNNING, started_at=make.NOON)
    return evaluation


def addresses(evaluation: Evaluation) -> dict[str, str]:
    """Return the address of every page about the evaluation."""
    run = evaluation.runs.get(is_incumbent=False)
    trial = Trial.objects.filter(run=run).first()
    assert trial is not None
    return {
        "task": reverse("evals:task", args=[evaluation.task_id]),
        "evaluations": reverse("evals:evaluations") + f"?task={evaluation.task_id}",
        "evaluation": reverse("evals:evaluation", args=[evaluation.pk]),
        "evaluation_progress": reverse("evals:evaluation_progress", args=[evaluation.pk]),
        "evaluation_result": reverse("evals:evaluation_result", args=[evaluation.pk]),
        "evaluation_samples": reverse("evals:evaluation_samples", args=[evaluation.pk]),
        "run": reverse("evals:run", args=[run.pk]),
        "trial": reverse("evals:trial", args=[run.pk, trial.pk]),
    }


def text_of(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    text: str = body.decode()
    return text


def test_a_viewer_sees_every_page(viewer_client: Client, finished: Evaluation, live: Evaluation):
    own = [reverse("evals:portfolio"), reverse("evals:tasks"), reverse("evals:evaluations")]
    for address in [*own, *addresses(finished).values(), *addresses(live).values()]:
        assert viewer_client.get(address).status_code == 200, address


def test_a_stranger_finds_none_of_them(stranger_client: Client, finished: Evaluation):
    for address in addresses(finished).values():
        assert stranger_client.get(address).status_code == 404, address


def test_the_anonymous_are_asked_to_sign_in(client: Client, finished: Evaluation):
    own = [reverse("evals:portfolio"), reverse("evals:tasks"), reverse("evals:evaluations")]
    for address in [*own, *addresses(finished).values()]:
        response = client.get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith(reverse("evals:sign_in"))


def test_health_needs_no_sign_in(client: Client, db: None):
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.parametrize("name", ["evaluation_stop", "evaluation_resume"])
def test_a_viewer_changes_nothing(viewer_client: Client, live: Evaluation, name: str):
    assert viewer_client.post(reverse(f"evals:{name}", args=[live.pk])).status_code == 404
    assert not live.runs.filter(state=RunState.STOPPED).exists()


def test_the_result_file_is_the_documents(editor_client: Client, finished: Evaluation):
    document = json.loads(text_of(editor_client.get(addresses(finished)["evaluation_result"])))
    assert document["schema"] == "viability.evaluation/1"
    assert [c["name"] for c in document["candidates"]] == ["gpt-x", "open-model"]


def test_the_samples_file_has_a_line_for_each_trial(editor_client: Client, finished: Evaluation):
    lines = text_of(editor_client.get(addresses(finished)["evaluation_samples"])).splitlines()
    assert len(lines) == 40
    assert json.loads(lines[0])["candidate"] == "gpt-x"
