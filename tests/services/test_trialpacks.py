"""Figures of large runs that have ended are kept in one place, and read as the trials would be."""

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from evals.domain.specs import PlanSpec
from evals.domain.trials import TrialState
from evals.models import Evaluation, Run, Task, Team, Trial, TrialPack
from evals.queries import runarrays
from evals.queries.runarrays import RunArrays, arrays_of, forget_arrays
from evals.queries.specs import frozen_spec
from evals.services import trialpacks
from evals.services.taskdeletion import delete_task
from evals.services.trialpacks import RING_AGAIN, pack_trials, ring_for_packs
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trialpacks, "FEW", 20)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Collect what is rung for."""
    bells: list[tuple[str, int]] = []
    monkeypatch.setattr(trialpacks, "enqueue", lambda job, row: bells.append((job.value, row)))
    return bells


@pytest.fixture
def run(team: Team) -> Run:
    """A run of two epochs, one of them asked: a trial without tokens, and one that failed."""
    made = make.evaluation(
        make.task(team), samples=15, right={"open-model": 9}, plan=PlanSpec(epochs=2)
    )
    run = made.runs.select_related("evaluation__version").get(is_incumbent=False)
    quiet, failed = Trial.objects.filter(run=run).order_by("place", "epoch")[:2]
    Trial.objects.filter(pk=quiet.pk).update(
        input_tokens=None, output_tokens=None, ttft_seconds=0.125, finish_reason="length"
    )
    Trial.objects.filter(pk=failed.pk).update(
        state=TrialState.INFRA_ERROR,
        output=None,
        scores={"exact_match": None},
        latency_seconds=None,
        input_tokens=None,
        finish_reason=None,
    )
    return run


def read(run: Run) -> RunArrays:
    forget_arrays(run)
    return arrays_of([run], {run.evaluation_id: frozen_spec(run.evaluation)})[run.pk]


def same(one: RunArrays, other: RunArrays) -> bool:
    """Return whether all arrays are equal, unknown figures among them."""
    flags = ("stored", "judged", "refused")
    floats = ("seconds", "usd", "first_token")
    mine, theirs = one.table, other.table
    return (
        all(
            np.array_equal(getattr(one, name), getattr(other, name))
            for name in ("places", "order", "states", "truncated")
        )
        and all(np.array_equal(getattr(mine, name), getattr(theirs, name)) for name in flags)
        and all(
            np.array_equal(getattr(mine, name), getattr(theirs, name), equal_nan=True)
            for name in floats
        )
        and list(mine.scores) == list(theirs.scores)
        and all(
            np.array_equal(mine.scores[name], theirs.scores[name], equal_nan=True)
            for name in mine.scores
        )
    )


def test_a_pack_says_what_the_trials_say(run: Run):
    before = read(run)
    assert pack_trials(run.pk, now=make.NOON)
    after = read(run)
    assert before.table.stored.sum() == 15
    assert before.truncated.sum() == 1
    assert same(before, after)


def test_a_packed_run_is_read_without_its_trials(run: Run, django_assert_num_queries):
    pack_trials(run.pk, now=make.NOON)
    before = read(run)
    Trial.objects.filter(run=run).update(latency_seconds=99.0)
    with django_assert_num_queries(1):
        assert same(before, read(run))


def test_where_nobody_told_the_tokens_the_cost_is_unknown(run: Run):
    quiet = Trial.objects.filter(run=run).order_by("place", "epoch")[0]
    arrays = read(run)
    position = arrays.positions_at(np.array([quiet.place]))[0]
    assert np.isnan(arrays.table.usd[position, 0])
    assert np.isfinite(arrays.table.usd).sum() == 13


def test_a_second_delivery_changes_nothing(run: Run):
    assert pack_trials(run.pk, now=make.NOON)
    assert not pack_trials(run.pk, now=make.NOON + timedelta(hours=1))
    assert TrialPack.objects.get(run=run).made_at == make.NOON


def test_a_live_run_and_a_small_one_are_not_packed(run: Run, monkeypatch: pytest.MonkeyPatch):
    Evaluation.objects.filter(pk=run.evaluation_id).update(finished_at=None)
    assert not pack_trials(run.pk, now=make.NOON)
    Evaluation.objects.filter(pk=run.evaluation_id).update(finished_at=make.NOON)
    monkeypatch.setattr(trialpacks, "FEW", 30)
    assert not pack_trials(run.pk, now=make.NOON)
    assert not TrialPack.objects.exists()


def test_the_end_of_an_evaluation_rings_for_its_runs(team: Team, rung: list[tuple[str, int]]):
    make.evaluation(make.task(team), samples=20)
    assert rung == []
    large = make.evaluation(make.task(team), samples=21)
    assert sorted(rung) == [
        ("evals.pack_trials", pk) for pk in sorted(large.runs.values_list("pk", flat=True))
    ]


def test_a_bell_that_was_lost_is_rung_again_until_the_pack_is_there(run: Run):
    ended = run.evaluation.finished_at
    assert ended is not None
    assert ring_for_packs(now=ended) == 0
    later = ended + RING_AGAIN + timedelta(seconds=1)
    assert ring_for_packs(now=later) == 2
    assert ring_for_packs(now=later + timedelta(seconds=1)) == 0
    pack_trials(run.pk, now=later)
    assert ring_for_packs(now=later + 2 * RING_AGAIN) == 1


def test_a_run_that_nobody_answered_is_packed_too(run: Run):
    Trial.objects.filter(run=run).delete()
    assert pack_trials(run.pk, now=make.NOON)
    assert not read(run).table.stored.any()


def test_pages_show_the_same_from_a_pack(editor_client: Client, run: Run):
    address = reverse("evals:run", args=[run.pk]) + "?show=wrong&seconds_from=0"
    before = editor_client.get(address).content.decode().count('id="trial-')
    pack_trials(run.pk, now=make.NOON)
    forget_arrays(run)
    after = editor_client.get(address).content.decode().count('id="trial-')
    assert after == before > 0


def test_packs_go_with_their_task(team: Team, run: Run):
    pack_trials(run.pk, now=make.NOON)
    task = Task.objects.get(pk=run.evaluation.task_id)
    delete_task(task=task, user=make.member(team, email="deleter@example.com"))
    assert not TrialPack.objects.exists()


def test_a_large_live_run_is_read_every_few_seconds(
    run: Run, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
):
    now = 100.0
    monkeypatch.setattr(runarrays, "MANY_LIVE", 10)
    monkeypatch.setattr(runarrays, "monotonic", lambda: now)
    run.evaluation.finished_at = None
    specs = {run.evaluation_id: frozen_spec(run.evaluation)}
    first = read(run)
    Trial.objects.filter(run=run).update(latency_seconds=99.0)
    with django_assert_num_queries(0):
        assert arrays_of([run], specs)[run.pk] is first
    now += runarrays.LIVE_SECONDS
    assert np.nanmin(arrays_of([run], specs)[run.pk].table.seconds) == 99.0
