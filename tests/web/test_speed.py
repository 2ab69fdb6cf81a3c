"""How fast candidates were, and bars about it, on the pages."""

import re

import pytest

from evals.domain.specs import Comparator, CriterionSpec, EndpointKind
from evals.models import Run, Trial
from tests import make


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
