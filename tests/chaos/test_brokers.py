"""The same work through embedded Valkey, Redis and RabbitMQ, each where it is there.

TEST_REDIS_URL and TEST_RABBITMQ_URL name servers; else the usual ports of this machine are tried.
"""

import os
import signal
import socket
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from evals.models import Run, VerdictRow
from evals.models.evaluations import RunState
from evals.services import evaluations
from tests import make
from tests.fakes import FakeOpenAI
from tests.jobs.brokers import bells_at
from tests.jobs.workers import celery_worker, children_of, until
from tests.services.conftest import server, ticket_number
from viability.celery import app

__all__ = ["server"]

pytestmark = pytest.mark.django_db(transaction=True)
CONCURRENCY = 8
# A database of its own, and queues of our own names, so that nobody else's are touched.
USUAL = {
    "embedded": ("BROKER_URL", ""),
    "redis": ("TEST_REDIS_URL", "redis://127.0.0.1:6379/9"),
    "rabbitmq": ("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


@pytest.fixture(params=sorted(USUAL))
def queue(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A queue of this test's own at the broker, where this process rings and its workers listen."""
    variable, usual = USUAL[request.param]
    url = os.environ.get(variable) or usual
    if not url:
        pytest.skip(f"there is no broker: {variable} is not set")
    if not os.environ.get(variable) and not _listens(url):
        host = urlsplit(url).netloc.rpartition("@")[2]
        pytest.skip(f"nothing listens at {host} and {variable} is not set")
    name = f"chaos-{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("BROKER_URL", url)
    with bells_at(url):
        yield name
        with app.connection_for_write() as connection, suppress(OperationalError):
            channel: Any = connection.default_channel
            channel.queue_delete(name)
            channel.exchange_delete(name)
            if url.startswith("redis"):
                channel.client.delete(*channel.client.keys(f"*{name}*"), name)


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    with suppress(OSError), socket.create_connection((parts.hostname, parts.port), timeout=1):
        return True
    return False


def run_at(server: FakeOpenAI, queue: str, *, samples: int) -> Run:
    spec = make.candidate_spec(
        f"model-{samples}", base_url=server.base_url, concurrency=CONCURRENCY, pool=queue
    )
    return make.live_evaluation(samples=samples, candidates=[spec]).runs.get()


def is_completed(run: Run) -> bool:
    evaluations.ring_unfinished(now=timezone.now())
    run.refresh_from_db()
    return run.state == RunState.COMPLETED and VerdictRow.objects.filter(run=run).exists()


def asked(server: FakeOpenAI) -> Counter[int]:
    return Counter(ticket_number(request.body["messages"]) for request in server.requests)


def test_an_evaluation_ends_in_a_verdict_and_outlives_its_worker(server, queue, tmp_path):
    with celery_worker(queue, tmp_path / "one.log") as worker:
        whole = run_at(server, queue, samples=100)
        until(lambda: is_completed(whole), seconds=60)
        assert whole.trials.count() == 100
        assert asked(server) == dict.fromkeys(range(100), 1)
        server.requests.clear()
        server.latency_seconds = 0.25
        run = run_at(server, queue, samples=160)
        until(lambda: run.trials.count() >= 40, seconds=60)
        for pid in (worker.pid, *children_of(worker.pid)):
            os.kill(pid, signal.SIGKILL)
        worker.wait()
    stored = set(run.trials.values_list("sample__row", flat=True))
    in_flight = set(asked(server)) - stored
    server.latency_seconds = 0
    with celery_worker(queue, tmp_path / "two.log"):
        until(lambda: is_completed(run), seconds=60)
    assert run.trials.count() == 160
    times = asked(server)
    assert set(times) == set(range(160))
    assert {number for number in times if times[number] > 1} <= in_flight
    assert len(in_flight) <= 3 * CONCURRENCY
