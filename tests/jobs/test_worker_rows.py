"""Workers as the tables know them: real ones, as processes of their own."""

import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from evals.models import Run, Worker
from evals.models.evaluations import RunState
from evals.queries.workers import missing_pools, served_pools
from evals.services import evaluations
from evals.services.shards import this_host
from tests import make
from tests.jobs.workers import PROJECT, celery_worker, environment, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.environ.get("BROKER_URL"), reason="there is no broker"),
]


def new_pool() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


def test_a_worker_is_about_from_ready_to_its_clean_end(tmp_path):
    pool = new_pool()
    with celery_worker(pool, tmp_path / "one.log", concurrency=2) as worker:
        until(Worker.objects.exists)
        row = Worker.objects.get()
        assert (row.pools, row.processes) == ([pool], 2)
        assert (row.pid, row.host) == (worker.pid, this_host())
        assert served_pools(now=timezone.now()) == {pool}
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=20)
    assert not Worker.objects.exists()


def test_a_killed_worker_is_gone_after_twenty_seconds(tmp_path):
    pool = new_pool()
    with celery_worker(pool, tmp_path / "one.log") as worker:
        until(Worker.objects.exists)
        children = f"/proc/{worker.pid}/task/{worker.pid}/children"
        with open(children, encoding="ascii") as listed:  # noqa: PTH123
            pids = [int(pid) for pid in listed.read().split()]
        worker.kill()
        worker.wait(timeout=20)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    seen = Worker.objects.get().seen_at
    assert served_pools(now=seen + timedelta(seconds=20)) == {pool}
    assert served_pools(now=seen + timedelta(seconds=21)) == set()


def test_viability_worker_serves_the_pools_it_is_told_and_does_their_runs(server, tmp_path):
    pool, other = new_pool(), new_pool()
    spec = make.candidate_spec(base_url=server.base_url, pool=pool)
    run = make.live_evaluation(samples=20, candidates=[spec]).runs.get()
    assert [m.pool for m in missing_pools(Run.objects.all(), now=timezone.now())] == [pool]

    options = ["--pool", f"{pool},{other}", "--concurrency", "1", "--without-mingle"]
    command = [sys.executable, "-m", "viability.cli", "worker", "--home", str(tmp_path), *options]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, env=environment(), stdout=log, stderr=log, cwd=PROJECT)

    def is_completed() -> bool:
        evaluations.ring_unfinished(now=timezone.now())
        run.refresh_from_db()
        return run.state == RunState.COMPLETED

    try:
        until(Worker.objects.exists, seconds=180)
        row = Worker.objects.get()
        assert (row.pools, row.processes) == (sorted([pool, other]), 1)
        assert row.name == f"worker-{worker.pid}@{this_host()}"
        assert missing_pools(Run.objects.all(), now=timezone.now()) == ()
        until(is_completed)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)
    assert run.trials.count() == 20
    assert not Worker.objects.exists()
