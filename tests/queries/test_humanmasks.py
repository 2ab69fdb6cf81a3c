"""What people scored, found in a live run's arrays: also where these are some seconds old."""

import numpy as np
import pytest

from evals.models import HumanScore, Run, Trial
from evals.queries.humanmasks import human_mask
from evals.queries.humanscores import human_rates
from evals.queries.runarrays import RunArrays, arrays_of, forget_arrays
from evals.queries.specs import frozen_spec
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """A live run of whose 20 samples 19 were asked."""
    found = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    make.answer(found, asked=19)
    return Run.objects.select_related("evaluation__version").get(pk=found.pk)


def read(run: Run) -> RunArrays:
    forget_arrays(run)
    return arrays_of([run], {run.evaluation_id: frozen_spec(run.evaluation)})[run.pk]


def score(run: Run, place: int) -> int:
    """Score a trial against the scorer and return its sample's position."""
    trial = Trial.objects.select_related("sample").get(run=run, place=place)
    HumanScore.objects.create(trial=trial, scorer="exact_match", value=0)
    return trial.sample.position


@pytest.mark.parametrize("how", ["any", "against"])
def test_a_scored_trial_is_found_by_its_place(run: Run, how: str):
    position = score(run, 4)
    assert np.argwhere(human_mask(run, read(run), "exact_match", how=how)).tolist() == [
        [position, 0]
    ]


@pytest.mark.parametrize("how", ["any", "against"])
@pytest.mark.parametrize("place", [3, 18])
def test_a_trial_that_the_arrays_do_not_know_yet_is_passed_over(run: Run, how: str, place: int):
    Trial.objects.filter(run=run, place=place).update(place=99)
    arrays = read(run)
    Trial.objects.filter(run=run, place=99).update(place=place)
    score(run, place)
    position = score(run, 7)
    mask = human_mask(run, arrays, "exact_match", how=how)
    assert np.argwhere(mask).tolist() == [[position, 0]]
    (said,) = human_rates(run, frozen_spec(run.evaluation), arrays)
    assert "with 1 human score " in said
