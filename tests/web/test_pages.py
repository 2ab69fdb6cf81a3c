"""Every page that is read: who may see it, what it says, and what it costs."""

import json
import re
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


def test_the_portfolio_says_what_can_move_and_marks_what_is_simulated(
    editor_client: Client, finished: Evaluation
):
    text = text_of(editor_client.get(reverse("evals:portfolio")))
    assert "1 of 1 task can move today" in text
    assert "GO" in text
    assert "simulated" in text


def test_an_empty_portfolio_leads_to_the_first_task(editor_client: Client):
    assert reverse("evals:task_new") in text_of(editor_client.get(reverse("evals:portfolio")))


def test_an_empty_portfolio_offers_a_viewer_nothing_to_write(viewer_client: Client):
    assert reverse("evals:task_new") not in text_of(viewer_client.get(reverse("evals:portfolio")))


def test_a_live_evaluation_stands_in_the_portfolio(editor_client: Client, live: Evaluation):
    assert "Running now" in text_of(editor_client.get(reverse("evals:portfolio")))


def test_a_stopped_evaluation_does_not_silence_a_whole_one(
    editor_client: Client, finished: Evaluation
):
    later = make.live_evaluation(finished.task)
    editor_client.post(reverse("evals:evaluation_stop", args=[later.pk]))
    assert "1 of 1 task can move today" in text_of(editor_client.get(reverse("evals:portfolio")))


def test_the_task_page_gives_the_answer_first(editor_client: Client, finished: Evaluation):
    text = text_of(editor_client.get(addresses(finished)["task"]))
    assert "open-model clears the bar: 0.950 exact match against 0.6 required." in text
    assert "n = 20 of 20" in text
    assert "one-sided Clopper-Pearson bound" in text


def test_a_new_bar_is_named_beside_the_older_answer(editor_client: Client, finished: Evaluation):
    make.bar(finished.task, make.BAR[:1])
    assert "Bar v2 was written since" in text_of(editor_client.get(addresses(finished)["task"]))


def test_a_bare_task_says_what_it_lacks(editor_client: Client, team: Team):
    task = make.task(team)
    text = text_of(editor_client.get(reverse("evals:task", args=[task.pk])))
    assert "Before the first evaluation" in text
    assert reverse("evals:upload", args=[task.pk]) in text
    assert reverse("evals:evaluation_new", args=[task.pk]) not in text


def test_unknown_prices_are_dashes_and_never_nothing(editor_client: Client, team: Team):
    specs = [make.incumbent_spec(), make.candidate_spec(price=None)]
    evaluation = make.evaluation(make.task(team), candidates=specs)
    text = text_of(editor_client.get(reverse("evals:evaluation", args=[evaluation.pk])))
    assert "price unknown" in text
    assert "The price is unknown, so every cost is." in text
    assert not re.search(r"\$0(\.0+)?\b(?!\.)", text)


def test_a_live_page_polls_and_a_finished_one_does_not(
    editor_client: Client, live: Evaluation, finished: Evaluation
):
    assert "every 2s" in text_of(editor_client.get(addresses(live)["evaluation"]))
    for address in (addresses(finished)["evaluation"], addresses(finished)["evaluation_progress"]):
        assert "hx-trigger" not in text_of(editor_client.get(address))


def test_a_live_page_reloads_itself_without_javascript(editor_client: Client, live: Evaluation):
    text = text_of(editor_client.get(addresses(live)["evaluation"]))
    assert '<noscript><meta http-equiv="refresh"' in text


def test_the_fragment_has_the_page_reloaded_only_once_the_rest_changes(
    editor_client: Client, live: Evaluation
):
    address = addresses(live)["evaluation_progress"] + "?stage=running"
    assert "HX-Refresh" not in editor_client.get(address)
    run = live.runs.get(position=1)
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED, message="401: no such key")
    assert editor_client.get(address)["HX-Refresh"] == "true"


def test_a_paused_run_says_why_in_full_and_can_be_resumed(editor_client: Client, live: Evaluation):
    run = live.runs.get(position=1)
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED, message="401: no such key")
    assert "401: no such key" in text_of(editor_client.get(addresses(live)["evaluation"]))
    editor_client.post(reverse("evals:evaluation_resume", args=[live.pk]))
    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.QUEUED, "")


def test_failures_are_counted_apart(editor_client: Client, live: Evaluation):
    text = text_of(editor_client.get(addresses(live)["evaluation_progress"]))
    for kind in ("Wrong", "No answer", "Model error", "Infra error", "Scorer error"):
        assert f'data-label="{kind}"' in text


def test_stopping_asks_first_and_then_stops(editor_client: Client, live: Evaluation):
    address = reverse("evals:evaluation_stop", args=[live.pk])
    assert "Let it run" in text_of(editor_client.get(address))
    assert not live.runs.filter(state=RunState.STOPPED).exists()
    response = editor_client.post(address, follow=True)
    assert live.runs.filter(state=RunState.STOPPED).count() == 2
    assert "were never asked" in text_of(response)


def test_a_viewer_is_not_offered_to_stop(viewer_client: Client, live: Evaluation):
    address = addresses(live)["evaluation"]
    assert reverse("evals:evaluation_stop", args=[live.pk]) not in text_of(
        viewer_client.get(address)
    )


def test_odd_addresses_are_harmless(editor_client: Client, finished: Evaluation):
    for query in ("?before=x", "?before=99999999999999999999999", "?task=-1", "?task=٣"):
        status = editor_client.get(reverse("evals:evaluations") + query).status_code
        assert status in {200, 404}, query
