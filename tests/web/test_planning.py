"""Starting an evaluation with slices, margins and a stop rule."""

import pytest

from evals.domain.specs import Comparator, CriterionSpec, EndpointKind
from evals.models import Evaluation, Run
from evals.queries.specs import frozen_spec
from evals.services import tasks as task_services
from tests import make
from tests.web.test_newevaluations import fields, url

AT_LEAST, WITHIN = Comparator.AT_LEAST, Comparator.WITHIN


def line(comparator=AT_LEAST, threshold=0.6, **more):
    return CriterionSpec(metric="exact_match", comparator=comparator, threshold=threshold, **more)


@pytest.fixture
def task(team):
    """Ten samples, half of them by phone; nothing leaves the server."""
    task = make.task(team)
    make.version(task, samples=10)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    return task


@pytest.fixture
def candidate(task):
    return make.candidate(task, kind=EndpointKind.STAND_IN)


def test_slices_levels_and_the_stop_rule_are_frozen(editor_client, task, candidate):
    bar = [line(slice={"channel": "phone"}, alpha=0.01), line(WITHIN, 0.03)]
    make.bar(task, bar)
    chosen = fields(task, candidate, incumbent=candidate.pk, stop_early="on")
    assert editor_client.post(url(task), chosen).status_code == 302
    spec = frozen_spec(Evaluation.objects.get())
    assert spec.bar == tuple(bar)
    assert spec.plan.stop_early


def test_a_plan_is_read_once_unless_somebody_ticks_the_box(editor_client, task, candidate):
    make.bar(task)
    page = editor_client.get(url(task)).content.decode()
    assert "Stops as soon as every required criterion is settled" in page
    editor_client.post(url(task), fields(task, candidate))
    assert not frozen_spec(Evaluation.objects.get()).plan.stop_early


def test_a_margin_without_an_incumbent_is_told(editor_client, task, candidate):
    make.bar(task, [line(WITHIN, 0.03)])
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert "against an incumbent and no incumbent" in response.content.decode()
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize(
    ("slice_", "more", "message"),
    [
        ({"channel": "fax"}, {}, "expected one of &#x27;mail&#x27;, &#x27;phone&#x27;"),
        ({"region": "x"}, {}, "which is no slice of the eval set"),
        ({"channel": "phone"}, {"max_samples": "1", "seed": "4"}, "that max_samples leaves"),
    ],
)
def test_a_slice_without_rows_is_told_and_nothing_starts(
    *, editor_client, task, candidate, slice_, more, message
):
    make.bar(task, [line(), line(slice=slice_)])
    response = editor_client.post(url(task), fields(task, candidate) | more)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Evaluation.objects.exists()


def test_a_bar_from_before_it_was_refused_is_told(editor_client, task, candidate):
    make.bar(task, [line(threshold=1.0)])
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert "no number of samples can prove" in response.content.decode()


def test_a_level_above_the_plans_is_told(editor_client, task, candidate):
    make.bar(task, [line(alpha=0.04)])
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302
    response = editor_client.post(url(task), fields(task, candidate, alpha="0.01"))
    assert response.status_code == 422
    assert "expected at most the plan&#x27;s alpha" in response.content.decode()


def test_too_few_samples_are_a_warning_and_no_refusal(editor_client, task, candidate):
    make.bar(task, [line(threshold=0.7), line(threshold=0.7, slice={"channel": "phone"})])
    page = editor_client.get(url(task)).content.decode()
    assert ("5 rows can never prove 0.7: 9 rows, all passing, is the least") in page
    assert page.count("can never prove") == 1
    more = {"preview": "yes", "stop_early": "on"}
    page = editor_client.post(url(task), fields(task, candidate) | more).content.decode()
    assert page.count("can never prove") == 2
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


def test_rows_of_another_task_cannot_be_compared(editor_client, team, task, candidate):
    """One evaluation has one version and one bar, and no candidate from elsewhere."""
    make.bar(task)
    other = make.task(team)
    elsewhere = make.candidate(other, name="elsewhere", kind=EndpointKind.STAND_IN)
    strange = {
        "version": make.version(other).pk,
        "bar": make.bar(other).pk,
        "incumbent": elsewhere.pk,
        "candidates": [candidate.pk, elsewhere.pk],
    }
    for name, value in strange.items():
        response = editor_client.post(url(task), fields(task, candidate) | {name: value})
        assert response.status_code == 422, name
        assert "is not one of the available" in response.content.decode()
    assert not Evaluation.objects.exists()


def test_a_run_has_no_eval_set_bar_or_scorers_of_its_own():
    """So the incumbent was asked and scored as everybody beside it."""
    of_the_evaluation = ("version", "bar", "scorer_set", "spec")
    assert all(hasattr(Evaluation, name) for name in of_the_evaluation)
    assert not any(hasattr(Run, name) for name in of_the_evaluation)
