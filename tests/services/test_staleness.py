"""Verdicts grow stale with the reason, when what they rest on is replaced."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from evals.models import Candidate, Evaluation, Run, VerdictRow
from tests import make

pytestmark = pytest.mark.django_db


def reasons(evaluation: Evaluation) -> dict[str, str]:
    rows = VerdictRow.objects.filter(run__evaluation=evaluation)
    return dict(rows.values_list("run__candidate__name", "stale_reason"))


def released(run: Run, **model: Any) -> Candidate:
    """Save the run's candidate again, with another release under its name."""
    spec = make.candidate_spec(run.candidate.name)
    return make.candidate(run.evaluation.task, replace(spec, model=replace(spec.model, **model)))


def challenger(evaluation: Evaluation) -> Run:
    return evaluation.runs.get(is_incumbent=False)


def test_a_new_version_of_the_eval_set_makes_verdicts_stale():
    made = make.evaluation(make.task())
    make.version(made.task, samples=30)
    assert reasons(made) == {
        "gpt-x": "",
        "open-model": "eval set v2 has replaced the one it rests on",
    }


def test_the_reason_names_the_newest_version_after_each_new_one():
    made = make.evaluation(make.task())
    for samples in (30, 40, 50):
        make.version(made.task, samples=samples)
    assert reasons(made)["open-model"] == "eval set v4 has replaced the one it rests on"


def test_the_same_rows_again_are_no_new_version():
    made = make.evaluation(make.task())
    make.version(made.task, samples=20)
    assert reasons(made)["open-model"] == ""


def test_an_older_version_chosen_on_purpose_is_not_stale_when_it_ends():
    task = make.task()
    old = make.version(task, samples=20)
    make.version(task, samples=30)
    made = make.evaluation(task, samples=20)
    assert made.version == old
    assert reasons(made)["open-model"] == ""


def test_a_version_that_comes_meanwhile_makes_the_verdict_stale_at_once():
    made = make.live_evaluation(make.task())
    make.version(made.task, samples=30)
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    make.finish(made)
    assert "eval set v2" in reasons(made)["open-model"]


def test_another_revision_of_the_model_makes_its_verdict_stale():
    made = make.evaluation(make.task())
    released(challenger(made), revision="3c4d")
    assert reasons(made) == {
        "gpt-x": "",
        "open-model": "open-model is another release by now: lab/open-model not pinned → at 3c4d",
    }


def test_a_revision_that_comes_meanwhile_makes_the_verdict_stale_at_once():
    made = make.live_evaluation(make.task())
    released(challenger(made), id="lab/next-model")
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    make.finish(made, now=timezone.now())
    said = reasons(made)["open-model"]
    assert said == "open-model is another release by now: lab/open-model → lab/next-model"


def test_the_same_candidate_saved_again_changes_nothing():
    made = make.evaluation(make.task())
    released(challenger(made))
    assert reasons(made)["open-model"] == ""
