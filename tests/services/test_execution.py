"""A run from its first lease to its verdict, against a real HTTP endpoint."""

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from evals.domain.scoring import output_scorer
from evals.domain.specs import (
    Comparator,
    CriterionSpec,
    EndpointKind,
    HarnessSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
)
from evals.domain.trials import RecordedAnswer, Score, Usage
from evals.engine import harness as lm_harness
from evals.models import Run, Shard, Trial, VerdictRow
from evals.models.evaluations import RunState, ShardState
from evals.services import evaluations, outages, shards, trials, watching
from evals.services.candidates import RecordedFile, ServedBy
from evals.services.copying import copy_new_rows
from evals.services.execution import work_on_run
from evals.services.secrets import store_secret
from tests import make
from tests.fakes import Answer, FakeOpenAI, completion
from tests.known import known
from tests.services.conftest import ticket_number

F1_BAR = [CriterionSpec(metric="f1", comparator=Comparator.AT_LEAST, threshold=0.5)]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


def started(server: FakeOpenAI, *, samples: int = 20, **options: Any) -> Run:
    """Start an evaluation of one candidate at `server` and return its run."""
    endpoint = {"base_url": server.base_url, **options.pop("endpoint", {})}
    spec = make.candidate_spec(price=options.pop("price", make.TOKEN_PRICE), **endpoint)
    return make.live_evaluation(samples=samples, candidates=[spec], **options).runs.get()


def states(run: Run) -> Counter[str]:
    return Counter(run.trials.values_list("state", flat=True))


def asked(server: FakeOpenAI) -> Counter[int]:
    """Return how often each ticket was asked about."""
    return Counter(ticket_number(request.body["messages"]) for request in server.requests)


def in_thread(run: Run, **options: Any) -> threading.Thread:
    def work() -> None:
        try:
            work_on_run(run.pk, **options)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def verdict_of(run: Run) -> VerdictRow:
    return VerdictRow.objects.get(run=run)


def test_a_run_asks_every_sample_once_and_ends_in_a_verdict(server):
    run = started(server, samples=150)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.in_flight) == (RunState.COMPLETED, 0)
    assert states(run) == {"ok": 150}
    assert asked(server) == dict.fromkeys(range(150), 1)
    assert not run.shards.exclude(state=ShardState.DONE).exists()
    assert verdict_of(run).state == "go"
    run.evaluation.refresh_from_db()
    assert (run.evaluation.state, run.evaluation.finished_at is None) == ("completed", False)


def test_what_came_back_is_stored_with_the_trial(server):
    run = started(server, samples=1)
    server.script.extend(
        [
            Answer(status=503, headers={"Retry-After": "0"}),
            Answer(
                body=completion(
                    "billing",
                    finish="length",
                    usage={
                        "prompt_tokens": 31,
                        "completion_tokens": 7,
                        "prompt_tokens_details": {"cached_tokens": 5},
                        "completion_tokens_details": {"reasoning_tokens": 3},
                    },
                ),
                seconds=0.05,
            ),
        ]
    )
    work_on_run(run.pk)
    trial = run.trials.get()
    assert (trial.state, trial.output, trial.answer, trial.scores) == (
        "ok",
        "billing",
        "billing",
        {"exact_match": 1.0},
    )
    assert (trial.input_tokens, trial.output_tokens) == (31, 7)
    assert (trial.cached_tokens, trial.reasoning_tokens) == (5, 3)
    assert (trial.attempts, trial.finish_reason, trial.place, trial.epoch) == (2, "length", 0, 0)
    assert trial.latency_seconds is not None
    assert 0.05 <= trial.latency_seconds < 2


def test_failures_of_five_kinds_are_counted_apart(server):
    run = started(
        server,
        samples=5,
        scorers=[ScorerSpec(name="exact_match"), ScorerSpec(name="last_number")],
        endpoint={"timeout_seconds": 0.3, "concurrency": 1},
    )
    server.script.extend(
        [
            Answer(body=completion("other")),
            Answer(body=completion("")),
            Answer(status=400, body={"error": {"message": "too long for the context"}}),
            Answer(body=completion("other")),
            # Last, since a question that pauses lets the next one go first.
            *[Answer(body=b"{", seconds=0) for _ in range(3)],
        ]
    )
    work_on_run(run.pk)
    assert states(run) == {"ok": 2, "no_answer": 1, "model_error": 1, "infra_error": 1}
    refused = run.trials.get(state="model_error")
    assert "too long for the context" in refused.error
    assert refused.scores == {"exact_match": 0.0, "last_number": 0.0}
    lost = run.trials.get(state="infra_error")
    assert lost.scores == {"exact_match": None, "last_number": None}
    assert verdict_of(run).grounds["result"]["trials"] == {
        "ok": 2,
        "no_answer": 1,
        "model_error": 1,
        "infra_error": 1,
        "scorer_error": 0,
        "skipped": 0,
        "truncated": 0,
    }


def test_a_scorer_that_raises_sinks_one_trial_and_not_the_run(server, monkeypatch):
    def odd(spec: ScorerSpec) -> Callable[[str, str], Any]:
        judge = output_scorer(spec)

        def score(output: str, target: str) -> Any:
            if target == "billing":
                raise ZeroDivisionError("the scorer broke")
            return judge(output, target)

        return score

    monkeypatch.setattr(lm_harness, "output_scorer", odd)
    run = started(server, scorers=[ScorerSpec(name="f1")], criteria=F1_BAR)
    work_on_run(run.pk)
    assert states(run) == {"ok": 16, "scorer_error": 4}
    broken = run.trials.filter(state="scorer_error").first()
    assert broken is not None
    assert broken.scores == {"f1": None}
    assert "the scorer broke" in broken.details["f1"]["explanation"]
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 37.2, -0.1])
def test_a_score_that_is_no_number_in_0_to_1_is_a_scorer_error(value, server, monkeypatch):
    odd = Score(value=value)
    monkeypatch.setattr(lm_harness, "output_scorer", lambda _: lambda _output, _target: odd)
    run = started(server, samples=3, scorers=[ScorerSpec(name="f1")], criteria=F1_BAR)
    work_on_run(run.pk)
    assert states(run) == {"scorer_error": 3}
    told = known(run.trials.first()).details["f1"]["explanation"]
    assert told == f"the scorer gave {value}, not 0 to 1"
    assert verdict_of(run).state == "undecided"


def test_odd_words_of_a_server_are_stored_all_the_same(server):
    run = started(server, samples=1)
    usage = {"prompt_tokens": 10**12, "completion_tokens": 1}
    body = completion("bill\x00ing \ud800", finish="\x00" * 80, usage=usage)
    server.script.append(Answer(body=body))
    work_on_run(run.pk)
    trial = run.trials.get()
    assert trial.output == "bill\ufffding \ufffd"
    assert trial.finish_reason == "\ufffd" * 60
    assert (trial.input_tokens, trial.output_tokens) == (None, 1)


def test_a_prompt_that_cannot_be_rendered_is_a_failed_trial_of_its_own(server):
    harness = HarnessSpec(
        prompt="{{ text.split()[2] | int // (text.split()[2] | int - 3) }} {{text}}"
    )
    spec = make.candidate_spec(base_url=server.base_url)
    spec = dataclasses.replace(spec, harness=harness)
    run = make.live_evaluation(samples=10, candidates=[spec]).runs.get()
    work_on_run(run.pk)
    assert states(run) == {"ok": 9, "infra_error": 1}
    failed = run.trials.get(state="infra_error")
    assert "division" in failed.error
    assert failed.attempts == 0
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED


def test_prompts_that_can_never_be_rendered_still_complete_the_run(server):
    spec = dataclasses.replace(
        make.candidate_spec(base_url=server.base_url), harness=HarnessSpec(prompt="{{ 1 // 0 }}")
    )
    run = make.live_evaluation(samples=150, candidates=[spec]).runs.get()
    work_on_run(run.pk)
    assert states(run) == {"infra_error": 150}
    assert server.requests == []
    assert verdict_of(run).state == "undecided"


def test_epochs_ask_every_sample_so_often(server):
    run = started(server, samples=30, plan=PlanSpec(epochs=2))
    work_on_run(run.pk)
    assert asked(server) == dict.fromkeys(range(30), 2)
    assert Counter(run.trials.values_list("epoch", flat=True)) == {0: 30, 1: 30}
    assert len(set(run.trials.values_list("sample", "epoch"))) == 60


def test_the_pace_of_requests_is_kept(server):
    run = started(server, samples=10, endpoint={"requests_per_minute": 600, "concurrency": 8})
    begun = time.monotonic()
    work_on_run(run.pk)
    assert time.monotonic() - begun >= 0.6  # nine waits of 0.1 s, less what may be caught up
    assert states(run) == {"ok": 10}


def test_a_second_delivery_of_a_job_changes_nothing(server):
    run = started(server)
    work_on_run(run.pk)
    work_on_run(run.pk)
    assert len(server.requests) == 20
    assert VerdictRow.objects.count() == 1


def test_a_job_delivered_twice_at_once_asks_nothing_twice(server):
    server.latency_seconds = 0.02
    run = started(server, samples=150)
    both = [in_thread(run), in_thread(run)]
    for thread in both:
        thread.join()
    assert asked(server) == dict.fromkeys(range(150), 1)
    assert states(run) == {"ok": 150}
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED


def test_a_job_for_a_run_that_is_gone_does_nothing(db):
    work_on_run(987654321)


def at_server_with_key(server: FakeOpenAI, key: str) -> Run:
    """Start an evaluation whose endpoint has a stored key."""
    task = make.task()
    secret = store_secret(team=task.team, name="key", value=key, user=None)
    spec = make.candidate_spec(base_url=server.base_url, secret=secret.name)
    made = make.live_evaluation(task, candidates=[spec], served_by=ServedBy(secret=secret))
    return made.runs.get()


def test_a_wrong_key_pauses_the_run_with_the_vendors_words_and_stores_nothing(server):
    run = at_server_with_key(server, "sk-wrong-key")
    refusal = {"error": {"message": "Incorrect API key provided: sk-wrong-key"}}
    server.script.extend([Answer(status=401, body=refusal)] * 8)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "Incorrect API key provided" in run.message
    assert "127.0.0.1" in run.message
    assert "sk-wrong-key" not in run.message
    assert not run.trials.exists()
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    assert not VerdictRow.objects.exists()


def test_a_run_goes_on_once_its_key_is_mended(server):
    run = at_server_with_key(server, "sk-wrong-key")
    server.script.extend([Answer(status=401)] * 8)
    work_on_run(run.pk)
    server.script.clear()
    server.requests.clear()
    team = run.evaluation.task.team
    store_secret(team=team, name="key", value="sk-right-key", user=None)
    evaluations.resume_evaluation(evaluation=run.evaluation, user=None)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.COMPLETED, "")
    keys = {request.headers["authorization"] for request in server.requests}
    assert keys == {"Bearer sk-right-key"}
    assert asked(server) == dict.fromkeys(range(20), 1)


def test_stopping_in_mid_run_stores_what_was_in_flight_and_decides_from_it(server):
    server.latency_seconds = 0.15
    run = started(server, samples=200, endpoint={"concurrency": 8})
    worker = in_thread(run)
    until(lambda: run.trials.count() >= 16)
    evaluations.stop_evaluation(evaluation=run.evaluation, user=None, now=timezone.now())
    run.evaluation.refresh_from_db()
    assert run.evaluation.finished_at is None  # something is still in flight
    worker.join()
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    stored = run.trials.count()
    assert stored == len(server.requests) < 200
    verdict = verdict_of(run)
    assert verdict.state == "undecided"
    assert verdict.grounds["result"]["trials"]["skipped"] == 200 - stored
    run.evaluation.refresh_from_db()
    assert run.evaluation.state == RunState.STOPPED


def test_a_worker_that_is_told_to_end_leaves_the_rest_to_the_next(server):
    server.latency_seconds = 0.1
    run = started(server, samples=100, endpoint={"concurrency": 8})
    ending = threading.Event()
    worker = in_thread(run, should_end=ending.is_set)
    until(run.trials.exists)
    ending.set()
    begun = time.monotonic()
    worker.join()
    assert time.monotonic() - begun < 4.5
    run.refresh_from_db()
    assert (run.state, run.in_flight) == (RunState.RUNNING, 0)
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    assert 0 < run.trials.count() == len(server.requests) < 100
    server.latency_seconds = 0
    work_on_run(run.pk)
    assert asked(server) == dict.fromkeys(range(100), 1)
    assert states(run) == {"ok": 100}


def test_a_worker_whose_lease_is_gone_drops_what_it_has_not_stored(server):
    server.latency_seconds = 0.3
    run = started(server, samples=10, endpoint={"concurrency": 10})
    worker = in_thread(run)
    until(lambda: len(server.requests) == 10)
    Shard.objects.filter(run=run).update(holder="somebody else")
    worker.join()
    assert not run.trials.exists()
    assert run.shards.get().holder == "somebody else"
    run.refresh_from_db()
    assert run.state == RunState.RUNNING


def test_a_worker_that_lost_its_lease_stops_asking(server):
    server.latency_seconds = 0.1
    run = started(server, samples=400, endpoint={"concurrency": 4})
    worker = in_thread(run)
    until(run.trials.exists)
    Shard.objects.filter(run=run, state=ShardState.LEASED).update(holder="somebody else")
    worker.join()
    assert len(server.requests) < 100


def test_a_run_whose_worker_died_after_the_last_store_is_completed(server):
    run = started(server, samples=3)
    make.answer(run)
    run.shards.update(state=ShardState.DONE)
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert server.requests == []
    assert verdict_of(run).state is not None


def test_a_shard_whose_trials_are_all_there_is_closed_without_asking(server):
    run = started(server, samples=3)
    make.answer(run)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert server.requests == []


def test_resuming_asks_only_what_is_not_stored(server):
    run = started(server, samples=100)
    make.answer(run, asked=37)
    work_on_run(run.pk)
    assert len(server.requests) == 63
    assert run.trials.count() == 100
    assert len(set(run.trials.values_list("sample", flat=True))) == 100


def test_the_budget_stops_the_run(server):
    server.latency_seconds = 0.02
    price = PriceSpec(usd_per_request=Decimal("0.01"))
    plan = PlanSpec(budget_usd=Decimal("0.5"))
    run = started(server, samples=2000, endpoint={"concurrency": 2}, price=price, plan=plan)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert "the budget of $0.5 is spent" in run.message
    assert 50 <= len(server.requests) < 150
    assert run.trials.count() == len(server.requests)
    assert verdict_of(run).grounds["result"]["cost"]["total_usd"] == pytest.approx(
        0.01 * len(server.requests)
    )


def test_two_runs_that_end_together_close_their_evaluation_once(server):
    specs = [
        make.candidate_spec(name, base_url=server.base_url) for name in ("one", "two", "three")
    ]
    evaluation = make.live_evaluation(samples=40, candidates=specs)
    workers = [in_thread(run) for run in evaluation.runs.all()]
    for worker in workers:
        worker.join()
    evaluation.refresh_from_db()
    assert evaluation.state == RunState.COMPLETED
    assert VerdictRow.objects.filter(run__evaluation=evaluation).count() == 3


def test_a_stand_in_runs_too(db):
    run = make.live_evaluation(candidates=[make.incumbent_spec()]).runs.get()
    work_on_run(run.pk)
    assert states(run) == {"ok": 20}
    assert verdict_of(run).state is None


def test_an_endpoint_that_cannot_be_opened_pauses_the_run(server):
    run = at_server_with_key(server, "sk-in-two\nlines")
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert run.message == "the API key holds a line break or control character"
    assert server.requests == []


def test_a_key_that_cannot_be_decrypted_pauses_the_run(server, settings):
    run = at_server_with_key(server, "sk-right")
    settings.STORED_SECRET_KEYS = "another instance's key"  # noqa: S105
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "VIABILITY_SECRET_KEYS" in run.message


def test_an_address_of_this_network_is_refused_where_no_admin_allows_it(server, settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    run = started(server)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "private address" in run.message
    assert server.requests == []


def test_an_error_of_our_own_pauses_the_run_and_says_nothing_of_its_content(
    server, monkeypatch, caplog
):
    words = "a customer's words"

    def broken(*_: Any) -> None:
        raise KeyError(words)

    monkeypatch.setattr(trials, "copy_new_rows", broken)
    run = started(server)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "the worker failed: KeyError" in run.message
    assert "KeyError" in caplog.text
    assert words not in caplog.text
    assert not run.shards.filter(state=ShardState.LEASED).exists()


def test_a_database_that_stays_away_ends_the_job_and_the_next_one_completes_the_run(
    server, monkeypatch
):
    monkeypatch.setattr(outages, "LONGEST_SECONDS", 0)
    server.latency_seconds = 0.02
    stores = []

    def sometimes(*args: Any) -> None:
        stores.append(1)
        if len(stores) == 3:
            with connection.cursor() as cursor:  # the server ends every connection of this worker
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        copy_new_rows(*args)

    monkeypatch.setattr(trials, "copy_new_rows", sometimes)
    run = started(server, samples=100, endpoint={"concurrency": 4})
    with pytest.raises(OperationalError):
        work_on_run(run.pk)
    connection.close()
    left = run.trials.count()
    assert 0 < left < 100
    # A live process's leases run out by themselves.
    Shard.objects.filter(run=run, state=ShardState.LEASED).update(lease_until=make.NOON)
    evaluations.ring_unfinished(now=timezone.now())
    work_on_run(run.pk)
    assert states(run) == {"ok": 100}
    twice = [number for number, times in asked(server).items() if times > 1]
    assert len(twice) <= 4 + len(server.requests) - 100 <= 40


def test_the_threads_of_a_run_and_their_connections_end_with_it(server):
    before = threading.active_count()
    run = started(server)
    work_on_run(run.pk)
    assert threading.active_count() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert cursor.fetchone() == (1,)


def test_recorded_answers_are_looked_up_and_scored(db):
    columns: dict[str, Any] = {"key": "text", "output": "answer"}
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, price=None, file="a.csv", **columns)
    recorded = RecordedFile(sha256="f" * 64, answers=[_recorded(number) for number in range(20)])
    evaluation = make.live_evaluation(
        candidates=[spec],
        served_by=ServedBy(recorded=recorded),
    )
    run = evaluation.runs.get()
    work_on_run(run.pk)
    assert states(run) == {"ok": 19, "no_answer": 1}
    fourth = run.trials.get(sample__row=4)
    assert (fourth.output, fourth.input_tokens, fourth.latency_seconds) == ("billing", 4, 0.4)
    assert Trial.objects.filter(run=run, scores__exact_match=1.0).count() == 3


def _recorded(number: int) -> tuple[str, RecordedAnswer]:
    answer = RecordedAnswer(
        output="billing" if number else "",
        usage=Usage(input_tokens=number),
        latency_seconds=number / 10,
    )
    return f"ticket number {number} says <b>hello</b>", answer


def test_a_lease_outlives_scoring_that_takes_longer_than_it(server, monkeypatch):
    monkeypatch.setattr(shards, "LEASE", timedelta(seconds=0.3))
    real = trials.TrialWriter.store

    def slow(self: Any, pairs: Any) -> None:
        time.sleep(0.8)
        real(self, pairs)

    monkeypatch.setattr(trials.TrialWriter, "store", slow)
    run = started(server, samples=4)
    worker = in_thread(run)
    until(lambda: len(server.requests) == 4)
    time.sleep(0.5)
    assert shards.claim_shard(run_id=run.pk, holder="two", now=timezone.now()) is None
    worker.join()
    assert states(run) == {"ok": 4}
