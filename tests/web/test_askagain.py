"""Choosing, on the form of a new evaluation, that nothing stored is reused."""

import pytest

from evals.models import Evaluation
from evals.services import tasks as task_services
from tests import make
from tests.web.test_newevaluations import fields, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(team):
    task = make.task(team)
    make.version(task, samples=5)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    return task


@pytest.mark.parametrize(("more", "reuses"), [({}, True), ({"ask_again": "on"}, False)])
def test_stored_answers_are_reused_unless_the_box_is_ticked(editor_client, task, more, reuses):
    candidate = make.candidate(task, spec=make.incumbent_spec())
    assert (
        "Ask again even where an answer is stored" in editor_client.get(url(task)).content.decode()
    )
    assert editor_client.post(url(task), fields(task, candidate, **more)).status_code == 302
    assert Evaluation.objects.get().reuse_answers is reuses


def test_the_box_makes_another_evaluation_of_the_same_choice(editor_client, task):
    chosen = fields(task, make.candidate(task, spec=make.incumbent_spec()))
    first = editor_client.post(url(task), chosen)
    second = editor_client.post(url(task), chosen | {"ask_again": "on"})
    assert first["Location"] != second["Location"]
