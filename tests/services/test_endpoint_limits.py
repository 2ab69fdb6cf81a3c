"""Several workers on one endpoint: real PostgreSQL, real HTTP."""

import re
import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from evals.domain.specs import EndpointKind
from evals.engine import sharing
from evals.engine.limits import Limits
from evals.engine.sharing import Report, Share
from evals.models import Endpoint, EndpointLimit, Run, VerdictRow
from evals.models.evaluations import RunState
from evals.services import shards, watching
from evals.services.endpointlimits import give_share_back, swap_share
from evals.services.execution import work_on_run
from evals.services.retuning import retune_endpoint
from tests import make
from tests.fakes import FakeOpenAI, Messages
from tests.services.conftest import right_answer
from tests.services.test_execution import asked, in_thread, started, states, until

pytestmark = pytest.mark.django_db(transaction=True)
ALLOWED = Limits(concurrency=8, requests_per_minute=600)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.1)
    settings.SHARD_SIZE = 8


def endpoint_of(run: Run) -> Endpoint:
    return run.candidate.endpoint


def swap(endpoint: Endpoint, holder: str, *, in_flight: int = 0, wanted: int = 1000) -> Share:
    report = Report(holder=holder, in_flight=in_flight, wanted=wanted)
    return swap_share(endpoint_id=endpoint.pk, allowed=ALLOWED, report=report)


def retune(endpoint: Endpoint, **limits: int | None) -> None:
    names = ("concurrency", "requests_per_minute", "tokens_per_minute")
    given = {name: limits.get(name) for name in names}
    retune_endpoint(endpoint=endpoint, user=make.member(endpoint.team), **given)


def asked_by_each(log: str) -> list[int]:
    """Return how much each worker asked, from what it wrote in the log when it left."""
    return [int(count) for count in re.findall(r"run left run=\d+ asked=(\d+)", log)]


def test_a_share_is_kept_in_the_row_until_it_is_given_back():
    endpoint = make.candidate(make.task()).endpoint
    assert swap(endpoint, "elsewhere:1:1:1").concurrency == 8
    second = swap(endpoint, "elsewhere:2:1:1")
    assert second.concurrency == 0
    give_share_back(endpoint_id=endpoint.pk, holder="elsewhere:1:1:1")
    assert swap(endpoint, "elsewhere:2:1:1").concurrency == 8
    held = EndpointLimit.objects.get(endpoint=endpoint).sharing["holdings"]
    assert [(each["holder"], each["told"]) for each in held] == [("elsewhere:2:1:1", 8)]


def test_what_is_set_on_the_row_goes_before_the_spec_and_the_rest_is_the_specs():
    endpoint = make.candidate(make.task()).endpoint
    retune(endpoint, concurrency=3)
    share = swap(endpoint, "elsewhere:1:1:1")
    assert (share.concurrency, share.requests_per_minute) == (3, 600)
    retune(endpoint, requests_per_minute=90)
    share = swap(endpoint, "elsewhere:1:1:1")
    assert (share.concurrency, share.requests_per_minute) == (8, 90)


def test_leases_are_counted_by_the_databases_clock(monkeypatch):
    endpoint = make.candidate(make.task()).endpoint
    monkeypatch.setattr(time, "time", lambda: 0.0)
    swap(endpoint, "elsewhere:1:1:1")
    (held,) = EndpointLimit.objects.get(endpoint=endpoint).sharing["holdings"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now())::float8")
        (now,) = cursor.fetchone()
    assert held["until"] == pytest.approx(now + sharing.LEASE_SECONDS, abs=2)


def test_a_dead_process_of_this_host_is_forgotten_at_once_and_one_elsewhere_is_not():
    endpoint = make.candidate(make.task()).endpoint
    dead = shards.new_holder().rsplit(":", 2)[0] + ":12345:1"
    swap(endpoint, dead)
    assert swap(endpoint, shards.new_holder()).concurrency == 8
    other = make.candidate(make.task()).endpoint
    swap(other, "elsewhere:1:1:1")
    assert swap(other, shards.new_holder()).concurrency == 0


def test_workers_that_swap_at_once_never_have_more_than_there_is():
    endpoint = make.candidate(make.task()).endpoint
    shares, start = list[Share](), threading.Barrier(6)

    def work(holder: str) -> None:
        try:
            start.wait()
            shares.append(swap(endpoint, holder))
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(f"elsewhere:{n}:1:1",)) for n in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(shares) == 6
    assert sum(share.concurrency for share in shares) == 8
    assert EndpointLimit.objects.count() == 1


def test_two_workers_on_one_run_keep_its_limit_and_ask_everything_once(server, caplog):
    server.latency_seconds = 0.05
    run = started(server, samples=640, endpoint={"concurrency": 8})
    workers = [in_thread(run), in_thread(run)]
    for worker in workers:
        worker.join()
    assert server.most_in_flight == 8
    assert asked(server) == dict.fromkeys(range(640), 1)
    assert states(run) == {"ok": 640}
    run.refresh_from_db()
    assert (run.state, run.in_flight) == (RunState.COMPLETED, 0)
    assert VerdictRow.objects.count() == 1
    both = asked_by_each(caplog.text)
    assert sum(both) == 640
    assert min(both) >= 100
    assert EndpointLimit.objects.get().sharing["holdings"] == []


def test_many_workers_on_the_last_shards_complete_a_run_once(server):
    run = started(server, samples=40)
    workers = [in_thread(run) for _ in range(5)]
    for worker in workers:
        worker.join()
    assert asked(server) == dict.fromkeys(range(40), 1)
    assert server.most_in_flight <= 8
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert VerdictRow.objects.count() == 1


def test_a_worker_that_finds_nothing_to_do_takes_no_share(server):
    run = started(server, samples=8)
    claimed = shards.claim_shard(run_id=run.pk, holder="elsewhere:1:1:1", now=timezone.now())
    assert claimed is not None
    work_on_run(run.pk)
    assert server.requests == []
    assert not EndpointLimit.objects.exists()


def test_two_runs_at_one_endpoint_share_it(server):
    server.latency_seconds = 0.03
    task = make.task()
    specs = [make.candidate_spec(name, base_url=server.base_url) for name in ("one", "two")]
    evaluation = make.live_evaluation(task, samples=160, candidates=specs)
    one, two = evaluation.runs.all()
    assert endpoint_of(one) == endpoint_of(two)
    workers = [in_thread(one), in_thread(two)]
    for worker in workers:
        worker.join()
    assert server.most_in_flight == 8
    assert len(server.requests) == 320


def test_a_limit_that_is_raised_or_lowered_in_mid_run_is_followed(server):
    server.latency_seconds = 0.05
    run = started(server, samples=4000, endpoint={"concurrency": 4})
    workers = [in_thread(run), in_thread(run)]
    until(lambda: server.in_flight == 4)
    assert server.most_in_flight == 4
    retune(endpoint_of(run), concurrency=12)
    until(lambda: server.in_flight == 12)
    assert server.most_in_flight == 12
    retune(endpoint_of(run), concurrency=2)
    time.sleep(3)  # two swaps, on a busy machine
    server.most_in_flight = 0
    time.sleep(1)
    assert 1 <= server.most_in_flight <= 2
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    for worker in workers:
        worker.join()
    assert run.trials.count() == len(server.requests)


def test_two_workers_keep_the_requests_a_minute_together(server, caplog):
    times = list[float]()

    def answer(messages: Messages) -> str:
        times.append(time.monotonic())
        return right_answer(messages)

    server.answer = answer
    run = started(server, samples=120, endpoint={"requests_per_minute": 1200})
    workers = [in_thread(run), in_thread(run)]
    for worker in workers:
        worker.join()
    assert asked(server) == dict.fromkeys(range(120), 1)
    pace = (len(times) - 1) / (times[-1] - times[0])
    assert 10 < pace <= 20 * 1.1
    busiest = max(sum(t <= other < t + 1 for other in times) for t in times)
    assert busiest <= 20 + 2 * 20 * 0.25 + 2  # each may catch up a quarter of a second
    assert len([count for count in asked_by_each(caplog.text) if count]) == 2


def test_a_worker_that_was_lost_elsewhere_is_forgotten_after_its_lease(server, monkeypatch):
    monkeypatch.setattr(sharing, "LEASE_SECONDS", 1.5)
    server.latency_seconds = 0.05
    run = started(server, samples=160, endpoint={"concurrency": 8})
    swap(endpoint_of(run), "elsewhere:1:1:1", in_flight=6, wanted=6)
    worker = in_thread(run)
    until(lambda: server.requests)
    time.sleep(0.7)
    assert server.most_in_flight == 2
    worker.join()
    assert server.most_in_flight == 8
    assert states(run) == {"ok": 160}


def test_recorded_answers_and_other_peoples_hardware_are_nobodys_limit(db):
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, file="a.csv", key="text", output="a")
    run = make.live_evaluation(candidates=[spec]).runs.get()
    work_on_run(run.pk)
    assert run.trials.count() == 20
    assert not EndpointLimit.objects.exists()


def test_calls_under_way_are_added_up_while_several_ask(server: FakeOpenAI):
    server.latency_seconds = 0.2
    run = started(server, samples=2000, endpoint={"concurrency": 8})
    workers = [in_thread(run), in_thread(run)]

    def both_ask() -> bool:
        row = EndpointLimit.objects.filter(endpoint=endpoint_of(run)).first()
        told = [each["told"] for each in row.sharing["holdings"]] if row else []
        return told == [4, 4]

    until(both_ask)
    time.sleep(1)
    run.refresh_from_db()
    assert 6 <= run.in_flight <= 8
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    for worker in workers:
        worker.join()
    run.refresh_from_db()
    assert run.in_flight == 0
