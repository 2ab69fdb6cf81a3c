"""What is written once stays: the database refuses to change it, whoever asks."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from evals.models import (
    Criterion,
    EvalSetVersion,
    Evaluation,
    Harness,
    Sample,
    ScorerSet,
    Trial,
    VerdictRow,
)
from tests import make

pytestmark = pytest.mark.django_db

CHANGES: dict[type[Model], dict[str, object]] = {
    Sample: {"target": "other"},
    Criterion: {"threshold": 0.1},
    ScorerSet: {"definitions": []},
    Harness: {"prompt": "another"},
    EvalSetVersion: {"sha256": "0" * 64},
    Evaluation: {"spec": "another"},
    VerdictRow: {"state": "go"},
}


@pytest.mark.parametrize("model", CHANGES)
def test_a_row_of_the_record_cannot_be_changed(model):
    make.evaluation()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        QuerySet(model).update(**CHANGES[model])


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (EvalSetVersion, {"columns": []}),
        (EvalSetVersion, {"sample_count": 1}),
        (Evaluation, {"epochs": 2}),
        (Evaluation, {"sample_count": 1}),
        (VerdictRow, {"grounds": {}}),
    ],
)
def test_no_part_of_what_is_frozen_can_be_changed(model, change):
    make.evaluation()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        QuerySet(model).update(**change)


def test_a_verdict_may_become_stale_and_an_evaluation_may_end():
    make.evaluation()
    assert VerdictRow.objects.update(stale_reason="the price changed") == 2
    assert Evaluation.objects.update(finished_at=make.NOON) == 1


def test_a_trial_is_there_once_for_each_run_sample_and_epoch():
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    trial = make.answer(run, asked=1)[0]
    with pytest.raises(IntegrityError, match="trial_once"), transaction.atomic():
        Trial.objects.create(
            run=run, sample=trial.sample, place=5, epoch=0, state="no_answer", scores={}
        )
    Trial.objects.create(
        run=run, sample=trial.sample, place=0, epoch=1, state="no_answer", scores={}
    )


def test_an_evaluation_can_be_deleted_with_its_verdicts():
    evaluation = make.evaluation()
    evaluation.delete()
    assert not VerdictRow.objects.exists()
