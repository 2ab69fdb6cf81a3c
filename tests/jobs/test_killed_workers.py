"""Workers that are killed or told to end in mid-run, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter

import pytest
from django.utils import timezone

from evals.engine.sharing import LEASE_SECONDS
from evals.models import EndpointLimit, Run, Trial
from evals.models.evaluations import RunState, ShardState
from evals.services import evaluations
from evals.services.execution import work_on_run
from tests import make
from tests.fakes import FakeOpenAI
from tests.jobs.workers import (
    PROJECT,
    celery_worker,
    children_of,
    environment,
    until,
    worker_process,
)
from tests.services.conftest import ticket_number

pytestmark = pytest.mark.django_db(transaction=True)
CONCURRENCY = 16


def run_at(server: FakeOpenAI, *, samples: int = 400, pool: str = "default") -> Run:
    spec = make.candidate_spec(base_url=server.base_url, concurrency=CONCURRENCY, pool=pool)
    return make.live_evaluation(samples=samples, candidates=[spec]).runs.get()


def asked(server: FakeOpenAI) -> Counter[int]:
    return Counter(ticket_number(request.body["messages"]) for request in server.requests)


def stored(run: Run) -> set[int]:
    return set(run.trials.values_list("sample__row", flat=True))


def test_after_kill_9_another_worker_asks_again_only_what_was_in_flight(server, capsys):
    server.latency_seconds = 0.25  # so long that a busy machine stores well within it
    run = run_at(server)
    worker = worker_process(run.pk)
    until(lambda: run.trials.count() >= 100)
    worker.kill()
    worker.communicate()
    time.sleep(0.2)  # what was on its way arrives
    in_flight = set(asked(server)) - stored(run)
    assert run.shards.filter(state=ShardState.LEASED).exists()

    evaluations.ring_unfinished(now=timezone.now())
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    server.latency_seconds = 0
    work_on_run(run.pk)

    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert Trial.objects.filter(run=run).count() == len(stored(run)) == 400
    twice = {number for number, times in asked(server).items() if times > 1}
    assert twice == in_flight
    # In flight, or answered within the moment in which replies are gathered before they are stored.
    assert len(twice) <= 3 * CONCURRENCY
    with capsys.disabled():
        sys.stdout.write(f"\nkill -9: {len(in_flight)} in flight, {len(twice)} asked twice\n")


def test_of_two_processes_on_a_run_the_other_grows_once_one_is_killed(server):
    server.latency_seconds = 0.1
    run = run_at(server, samples=3000)
    killed, other = worker_process(run.pk), worker_process(run.pk)
    until(lambda: shares(run) == [CONCURRENCY // 2] * 2)
    assert server.most_in_flight == CONCURRENCY
    killed.kill()
    killed.communicate()
    time.sleep(0.3)  # until the server has noticed
    server.most_in_flight = 0
    begun = time.monotonic()
    until(lambda: server.most_in_flight == CONCURRENCY)
    assert time.monotonic() - begun < LEASE_SECONDS / 2
    assert shares(run) == [CONCURRENCY]
    evaluations.ring_unfinished(now=timezone.now())
    server.latency_seconds = 0
    other.communicate()
    work_on_run(run.pk)  # what the killed one held, if the other had left before it was free
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert len(stored(run)) == run.trials.count() == 3000
    assert server.most_in_flight <= CONCURRENCY


def shares(run: Run) -> list[int]:
    row = EndpointLimit.objects.filter(endpoint=run.candidate.endpoint).first()
    return [holding["told"] for holding in row.sharing["holdings"]] if row else []


def test_a_celery_worker_that_is_told_to_end_gives_its_shards_back_within_seconds(server, tmp_path):
    if not os.environ.get("BROKER_URL"):
        pytest.skip("there is no broker: BROKER_URL is not set")
    server.latency_seconds = 0.1
    queue = f"test-{uuid.uuid4().hex[:8]}"
    run = run_at(server, samples=2000, pool=queue)
    with celery_worker(queue, tmp_path / "one.log") as worker:
        until(run.trials.exists)
        worker.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        worker.wait(timeout=20)
        assert time.monotonic() - begun < 6
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    assert 0 < run.trials.count() == len(server.requests) < 2000
    evaluations.ring_unfinished(now=timezone.now())
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)


def test_a_celery_worker_whose_child_is_killed_does_the_run_in_another(server, tmp_path):
    if not os.environ.get("BROKER_URL"):
        pytest.skip("there is no broker: BROKER_URL is not set")
    server.latency_seconds = 0.25  # so long that a busy machine stores well within it
    queue = f"test-{uuid.uuid4().hex[:8]}"
    run = run_at(server, pool=queue)
    with celery_worker(queue, tmp_path / "one.log") as worker:
        until(lambda: run.trials.count() >= 50)
        for child in children_of(worker.pid):
            os.kill(child, signal.SIGKILL)
        time.sleep(0.2)
        in_flight = set(asked(server)) - stored(run)

        def is_completed() -> bool:
            evaluations.ring_unfinished(now=timezone.now())
            time.sleep(0.3)
            run.refresh_from_db()
            return run.state == RunState.COMPLETED

        until(is_completed)
    assert len(stored(run)) == run.trials.count() == 400
    # Among what was in flight may be requests of the child that came in the place of the first.
    again = {number for number, times in asked(server).items() if times > 1}
    assert again
    assert again <= in_flight
    assert len(server.requests) == 400 + len(again)


@pytest.mark.parametrize(
    ("code", "has_it"),
    [
        ("app.loader.import_default_modules()", False),  # what beat does
        ("app.WorkController(pool_cls='solo')", True),  # what a worker does before it forks
    ],
)
def test_lm_eval_is_imported_by_workers_before_they_fork_and_not_by_beat(code, has_it):
    script = (
        f"import sys; from viability.celery import app; {code}; print('lm_eval' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == str(has_it)
