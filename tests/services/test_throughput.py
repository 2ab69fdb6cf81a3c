"""Throughput tests as workers carry them out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from evals.domain.specs import EndpointKind
from evals.domain.throughput import SweepPlan
from evals.engine.throughput import Loading
from evals.models import TeamHardware, Trial
from evals.models.prices import ThroughputState
from evals.services.throughput import (
    LOST_AFTER,
    RING_AGAIN,
    Wanted,
    ring_for_throughput,
    ring_test,
    start_test,
    stop_test,
)
from evals.services.throughputruns import carry_out
from tests import make
from tests.fakes import FakeOpenAI

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = SweepPlan(levels=(1, 2), samples=10, seconds=2.0)


@pytest.fixture
def candidate(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    task = make.task()
    make.version(task)
    simulation = {"latency_seconds": 0.005}
    return make.candidate(task, kind=EndpointKind.STAND_IN, simulation=simulation)


def wanted(candidate, **fields):
    version = candidate.task.eval_sets.get().versions.get()
    plan = Wanted(plan=PLAN, **fields)
    return start_test(candidate=candidate, version=version, wanted=plan, user=None)


def test_a_worker_measures_every_level_and_stores_no_trial(candidate):
    test = wanted(candidate)
    carry_out(test.pk)
    test.refresh_from_db()
    assert (test.state, test.message) == (ThroughputState.COMPLETED, "")
    assert [level["concurrency"] for level in test.levels] == [1, 2]
    assert all(level["tasks_per_hour"] > 0 for level in test.levels)
    assert test.finished_at is not None
    assert not Trial.objects.exists()


def test_a_second_delivery_measures_nothing(candidate):
    test = wanted(candidate)
    carry_out(test.pk)
    test.refresh_from_db()
    before = test.levels
    carry_out(test.pk)
    test.refresh_from_db()
    assert test.levels == before


def test_the_candidates_own_prompts_are_asked(candidate):
    with FakeOpenAI() as server:
        asked = make.candidate(candidate.task, name="real", base_url=server.base_url)
        carry_out(wanted(asked).pk)
        assert all("ticket number" in prompt for prompt in server.prompts)
        assert len({*server.prompts}) == 10


def test_an_address_that_the_browser_may_not_reach_is_refused_in_words(candidate, settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    with FakeOpenAI() as server:
        asked = make.candidate(candidate.task, name="real", base_url=server.base_url)
        test = wanted(asked)
        carry_out(test.pk)
        assert server.requests == []
    test.refresh_from_db()
    assert test.state == ThroughputState.FAILED
    assert "127.0.0.1" in test.message


def test_a_key_from_the_environment_is_for_the_command_line_alone(candidate):
    asked = make.candidate(candidate.task, name="env", api_key_env="SOME_KEY")
    test = wanted(asked)
    carry_out(test.pk)
    test.refresh_from_db()
    assert test.state == ThroughputState.FAILED
    assert "only the command line" in test.message


def test_a_worker_that_has_to_go_leaves_what_it_measured(candidate):
    test = wanted(candidate)
    seen: list[Loading] = []
    carry_out(test.pk, show=seen.append, should_end=lambda: seen[-1].concurrency > 1)
    test.refresh_from_db()
    assert test.state == ThroughputState.COMPLETED
    assert [level["concurrency"] for level in test.levels] == [1]
    assert "told to end" in test.message


def test_what_somebody_stopped_is_not_gone_on_with(candidate):
    test, user = wanted(candidate), make.member()
    assert stop_test(test=test, user=user, now=timezone.now())
    assert not stop_test(test=test, user=user, now=timezone.now())
    carry_out(test.pk)
    test.refresh_from_db()
    assert (test.state, test.levels) == (ThroughputState.FAILED, [])


def test_the_hardware_is_kept_as_it_was(candidate):
    team = candidate.task.team
    TeamHardware.objects.create(team=team, key="h100", figures={"usd_per_hour": "2.5"})
    test = wanted(candidate, hardware_key="h100")
    TeamHardware.objects.create(team=team, key="h100", figures={"usd_per_hour": "9"})
    assert test.hardware == {"key": "h100", "usd_per_hour": "2.5"}
    assert wanted(candidate, hardware_key="other").hardware is None


def test_a_test_that_no_worker_heard_of_is_rung_for_again(candidate):
    version = candidate.task.eval_sets.get().versions.get()
    ring_test(candidate=candidate, version=version, wanted=Wanted(plan=PLAN), user=make.member())
    now = timezone.now()
    assert ring_for_throughput(now=now) == 0
    assert ring_for_throughput(now=now + RING_AGAIN + timedelta(seconds=1)) == 1
    assert ring_for_throughput(now=now + RING_AGAIN + timedelta(seconds=2)) == 0


def test_a_test_whose_worker_is_gone_ends_with_what_it_has(candidate):
    version = candidate.task.eval_sets.get().versions.get()
    running = {"state": ThroughputState.RUNNING}
    some = make.throughput_test(candidate, version, levels=[make.level(1)], **running)
    none = make.throughput_test(candidate, version, **running)
    ring_for_throughput(now=timezone.now() + LOST_AFTER / 2)
    some.refresh_from_db()
    assert some.state == ThroughputState.RUNNING
    ring_for_throughput(now=timezone.now() + 2 * LOST_AFTER)
    for test, state in ((some, ThroughputState.COMPLETED), (none, ThroughputState.FAILED)):
        test.refresh_from_db()
        assert test.state == state
        assert "gone" in test.message
