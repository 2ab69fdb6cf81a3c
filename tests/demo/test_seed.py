"""The demo, carried out for real: two small models on this machine beside a simulated incumbent."""

import importlib.util

import pytest
from django.utils import timezone

from evals.demo.seed import demo_spec, seed_demo
from evals.domain.specfile import SpecOrigin, read_spec, write_spec
from evals.models import Evaluation, Task, VerdictRow
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services.execution import work_on_run

NEEDS_OPENVINO = pytest.mark.skipif(
    importlib.util.find_spec("openvino_genai") is None,
    reason="openvino_genai is not installed (the extra `cpu`)",
)


def test_the_demo_is_a_spec_that_can_be_written_and_read():
    spec = demo_spec()
    assert read_spec(write_spec(spec), file="demo", origin=SpecOrigin.STORED) == spec


@pytest.mark.django_db
def test_the_demo_is_seeded_once():
    assert seed_demo(now=timezone.now()) is not None
    assert seed_demo(now=timezone.now()) is None
    assert (Task.objects.count(), Evaluation.objects.count()) == (5, 4)
    evaluation = Evaluation.objects.get(task__name="Ticket triage")
    assert evaluation.sample_count == 500
    assert frozen_spec(evaluation).incumbent == "closed-api"
    incumbent = evaluation.task.incumbent
    assert incumbent is not None
    assert incumbent.name == "closed-api"


@NEEDS_OPENVINO
@pytest.mark.django_db(transaction=True)
def test_the_demo_ends_in_a_go_and_a_no_go():
    evaluation = seed_demo(now=timezone.now())
    assert evaluation is not None
    for run in evaluation.runs.all():
        work_on_run(run.pk)
    verdicts = VerdictRow.objects.values_list("run__candidate__name", "state")
    assert dict(verdicts) == {
        "closed-api": None,
        "ticket-router-1m": "go",
        "ticket-router-1m-early": "no_go",
    }
    evaluation.refresh_from_db()
    document = evaluation_document(evaluation, frozen_spec(evaluation))
    assert document["verdict"] == "go"
    assert [c["simulated"] for c in document["candidates"]] == [True, False, False]
    assert [c["trials"]["ok"] for c in document["candidates"]] == [500, 500, 500]
