"""Bells that the broker does not take, and workers that never hear one."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import signature
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from evals.models import Run
from evals.models.evaluations import RunState
from evals.queue import Job, enqueue
from evals.services import evaluations
from evals.services.candidates import start_connection_test
from evals.services.testbells import RING_AGAIN, ring_for_tests
from tests import make
from tests.jobs.brokers import bells_at

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a broker that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def live_run() -> Run:
    return make.live_evaluation(candidates=[make.incumbent_spec()]).runs.get()


def test_a_broker_that_hangs_holds_up_whoever_rings_for_seconds_only(deaf):
    with bells_at(deaf):
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            signature(Job.WORK_ON_RUN.value, args=(1,)).apply_async()
    assert time.monotonic() - begun < 15


def test_an_evaluation_starts_while_the_broker_is_away_and_is_rung_for_at_the_next_tick():
    with bells_at(NOWHERE):
        begun = time.monotonic()
        run = live_run()
        assert time.monotonic() - begun < 10
    run.refresh_from_db()
    assert (run.state, run.rung_at) == (RunState.QUEUED, None)
    evaluations.ring_unfinished(now=timezone.now())
    run.refresh_from_db()
    assert run.rung_at is not None


def test_a_bell_that_is_lost_says_so_after_the_commit():
    lost: list[int] = []
    with bells_at(NOWHERE):
        with transaction.atomic():
            enqueue(Job.WORK_ON_RUN, 1, if_lost=lambda: lost.append(1))
            assert not lost
        assert lost == [1]


def test_a_connection_test_that_nobody_heard_of_is_rung_for_again_until_it_is_done():
    test = start_connection_test(candidate=make.candidate(make.task()), user=make.member())
    now = timezone.now()
    assert ring_for_tests(now=now) == 0
    assert ring_for_tests(now=now + RING_AGAIN + timedelta(seconds=1)) == 1
    assert ring_for_tests(now=now + RING_AGAIN + timedelta(seconds=2)) == 0
    assert ring_for_tests(now=now + 2 * RING_AGAIN + timedelta(seconds=3)) == 1
    test.refresh_from_db()
    test.finished_at = now
    test.save()
    assert ring_for_tests(now=now + 9 * RING_AGAIN) == 0
