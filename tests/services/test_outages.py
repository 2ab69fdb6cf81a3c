"""A database that is away for a moment, and a worker whose clock has stood still."""

import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from evals.models import Run, Shard
from evals.models.evaluations import RunState, ShardState
from evals.services import outages, questions, shards, trials, watching
from evals.services.execution import work_on_run
from evals.services.outages import outlast
from tests import make
from tests.fakes import FakeOpenAI
from tests.jobs.workers import until
from tests.services.conftest import right_answer, ticket_number

COMMIT = "_commit"  # what `atomic` ends with; it has no public door
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(outages, "PAUSE_SECONDS", 0.01)


def run_at(server: FakeOpenAI, *, samples: int = 200) -> Run:
    spec = make.candidate_spec(base_url=server.base_url, concurrency=4)
    return make.live_evaluation(samples=samples, candidates=[spec]).runs.get()


def in_thread(run: Run) -> threading.Thread:
    def work() -> None:
        try:
            work_on_run(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def asked(server: FakeOpenAI) -> Counter[int]:
    return Counter(ticket_number(request.body["messages"]) for request in server.requests)


def has_stored(run: Run, enough: int) -> bool:
    return run.trials.count() >= enough


def end_every_other_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_connections_that_break_again_and_again_cost_no_answer(server):
    server.latency_seconds = 0.02
    run = run_at(server)
    worker = in_thread(run)
    for enough in (20, 60, 100):
        until(partial(has_stored, run, enough))
        end_every_other_connection()
    worker.join()
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert run.trials.count() == 200
    assert asked(server) == dict.fromkeys(range(200), 1)


@pytest.mark.parametrize(
    ("owner", "name"), [(questions, "claim_shards"), (trials, "finish_shards")]
)
def test_a_connection_that_breaks_after_a_commit_costs_no_answer(server, monkeypatch, owner, name):
    server.latency_seconds = 0.02
    run = run_at(server)
    call = getattr(owner, name)
    commit = getattr(BaseDatabaseWrapper, COMMIT)
    said: list[str] = []

    def called(*args: Any, **kwargs: Any) -> Any:
        if not said:
            said.append("called")
        return call(*args, **kwargs)

    def committed(self: BaseDatabaseWrapper) -> None:
        commit(self)
        if said == ["called"]:
            said.append("broken")
            raise OperationalError

    monkeypatch.setattr(owner, name, called)
    monkeypatch.setattr(BaseDatabaseWrapper, COMMIT, committed)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert said == ["called", "broken"]
    assert (run.state, run.unconfirmed) == (RunState.COMPLETED, 0)
    assert run.trials.count() == 200
    assert asked(server) == dict.fromkeys(range(200), 1)


def test_a_worker_that_comes_while_a_known_endpoint_is_down_waits_for_it(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    with FakeOpenAI(right_answer) as first:
        run = run_at(first, samples=20)
        port = urlsplit(first.base_url).port or 0
        make.answer(run, asked=1)
    worker = in_thread(run)
    time.sleep(3)  # longer than a wrong address is tried for
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    with FakeOpenAI(right_answer, port=port):
        worker.join()
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert set(run.trials.values_list("state", flat=True)) == {"ok"}


def test_a_worker_that_came_before_the_first_answer_takes_an_outage_for_one(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    with FakeOpenAI(right_answer) as first:
        run = run_at(first, samples=20)
        port = urlsplit(first.base_url).port or 0
    worker = in_thread(run)
    until(Shard.objects.filter(run=run, state=ShardState.LEASED).exists)
    make.answer(run, asked=1)
    worker.join()  # it leaves the run, whose bell beat rings again
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    with FakeOpenAI(right_answer, port=port):
        work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED


def test_an_address_that_nobody_ever_answered_at_pauses_the_run(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    with FakeOpenAI(right_answer) as first:
        run = run_at(first, samples=20)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "connection refused" in run.message


def test_what_is_no_outage_is_raised_at_once():
    calls = []

    def wrong() -> None:
        calls.append(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        outlast(wrong)
    assert len(calls) == 1


def test_an_outage_is_not_waited_for_longer_than_a_lease_lasts(monkeypatch):
    monkeypatch.setattr(outages, "LONGEST_SECONDS", 0.1)
    calls = []

    def away() -> None:
        calls.append(1)
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        outlast(away)
    assert len(calls) > 1
    assert shards.LEASE.total_seconds() > outages.LONGEST_SECONDS


def test_in_the_middle_of_a_transaction_nothing_is_made_anew():
    calls = []

    def away() -> None:
        calls.append(1)
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError), transaction.atomic():
        outlast(away)
    assert len(calls) == 1


def test_who_cannot_renew_a_lease_in_time_asks_nothing_until_it_can(server, monkeypatch):
    monkeypatch.setattr(shards, "LEASE", timedelta(seconds=0.5))
    frozen = threading.Event()
    real = shards.renew_leases

    def late(**options: Any) -> int:
        frozen.wait()
        return real(**options)

    monkeypatch.setattr("evals.services.trials.renew_leases", late)
    server.latency_seconds = 0.02
    run = run_at(server, samples=400)
    worker = in_thread(run)
    until(lambda: len(server.requests) > 0)
    threading.Event().wait(0.7)
    asked_by_then = len(server.requests)
    threading.Event().wait(0.3)
    assert len(server.requests) == asked_by_then < 400
    frozen.set()
    worker.join()
    assert asked(server) == dict.fromkeys(range(400), 1)


def test_a_shard_that_somebody_else_took_and_finished_is_missed_at_the_next_look(server):
    server.latency_seconds = 0.5
    run = run_at(server, samples=200)
    worker = in_thread(run)
    until(lambda: len(server.requests) == 4)
    taken = Shard.objects.filter(run=run, state=ShardState.LEASED)
    taken.update(state=ShardState.DONE, holder="", lease_until=None)
    worker.join()
    assert len(server.requests) <= 8
    assert not run.trials.exists()
