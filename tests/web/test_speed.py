"""How fast candidates were, and bars about it, on the pages."""

import re

import pytest

from evals.domain.specs import Comparator, CriterionSpec, EndpointKind
from evals.models import Evaluation, Run, Trial
from evals.services import tasks as task_services
from tests import make
from tests.web.test_bars import EXACT, lines


def line(metric, threshold, **fields):
    return CriterionSpec(
        metric=metric, comparator=Comparator.AT_MOST, threshold=threshold, **fields
    )


@pytest.fixture
def streamed(team):
    """An evaluation in which the open candidate's answers were streamed."""
    simulation = {"ttft_seconds": 0.05}
    spec = make.candidate_spec("streamed", kind=EndpointKind.STAND_IN, simulation=simulation)
    evaluation = make.live_evaluation(
        make.task(team),
        samples=80,
        candidates=[make.incumbent_spec(), spec],
        criteria=[*make.BAR, line("error_rate", 0.1), line("cost_per_accepted_usd", 0.5)],
    )
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
    run = Run.objects.get(evaluation=evaluation, is_incumbent=False)
    Trial.objects.filter(run=run).update(
        ttft_seconds=0.2, latency_seconds=1.0, output_tokens=5, input_tokens=9
    )
    return make.finish(evaluation)


def text(client, url):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(url).content.decode()))


def test_the_evaluation_shows_every_speed_with_its_interval_and_why_one_is_unknown(
    streamed, viewer_client
):
    page = text(viewer_client, f"/evaluations/{streamed.pk}/")
    assert "8 at once by its settings" in page
    assert "First token 0.20 s [0.20, 0.20]" in page
    assert "Each token after it 0.20 s [0.20, 0.20]" in page
    assert "unknown: answers were not streamed" in page


def test_errors_and_accepted_answers_are_explained_in_words(streamed, viewer_client):
    page = text(viewer_client, f"/evaluations/{streamed.pk}/")
    assert "the share of trials that ended in an error" in page
    assert "an answer is accepted where exact_match is 1; wrong ones are thrown away" in page
    assert "a task under the limit" in page


def test_an_interactive_task_whose_bar_leaves_latency_out_is_warned_of(team, viewer_client):
    task = make.task(team, interactive=True)
    make.bar(task)  # its latency is advisory
    assert "is about latency" in text(viewer_client, f"/tasks/{task.pk}/")
    make.bar(task, criteria=[line("latency_p95_seconds", 2.0)])
    assert "is about latency" not in text(viewer_client, f"/tasks/{task.pk}/")
    batch = make.task(team, interactive=False)
    make.bar(batch)
    assert "is about latency" not in text(viewer_client, f"/tasks/{batch.pk}/")


def test_a_bar_about_speed_errors_and_accepted_answers_is_written_in_the_browser(
    team, editor_client
):
    task = make.task(team)
    measured = [
        ("ttft_p95_seconds", "at_most", "0.5", False),
        ("error_rate", "at_most", "0.02", False),
        ("cost_per_accepted_usd", "at_most", "0.01", False),
    ]
    url = f"/tasks/{task.pk}/bar/"
    assert editor_client.post(url, EXACT | lines(*measured)).status_code == 302
    page = text(editor_client, f"/tasks/{task.pk}/")
    for said in (
        "p95 time to first token ≤ 0.5 s",
        "error rate ≤ 0.02",
        "cost per accepted answer ≤ $0.01",
    ):
        assert said in page
    refused = editor_client.post(url, EXACT | lines(("error_rate", "at_least", "0.02", False)))
    assert refused.status_code == 422
    assert "less is better" in refused.content.decode()


def test_a_first_token_of_answers_in_one_piece_starts_no_evaluation(team, editor_client):
    task = make.task(team)
    version = make.version(task, samples=5)
    bar = make.bar(task, criteria=[line("ttft_p95_seconds", 1.0)])
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    whole = make.candidate(task, kind=EndpointKind.STAND_IN)
    chosen = {"version": version.pk, "bar": bar.pk, "candidates": [whole.pk], "incumbent": ""}
    sent = {**chosen, "alpha": "0.05", "seed": "7", "epochs": "1"}
    response = editor_client.post(f"/tasks/{task.pk}/evaluations/new/", sent)
    assert response.status_code == 422
    assert "come in one piece" in response.content.decode()
    assert not Evaluation.objects.exists()
