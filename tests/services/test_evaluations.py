"""Evaluations from their start to their end, without a worker."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from evals import queue
from evals.domain.specs import PlanSpec
from evals.models import AuditEntry, Endpoint, Evaluation, Run, Shard, VerdictRow, Worker
from evals.models.evaluations import RunState, ShardState
from evals.queries.workforce import should_make_way
from evals.services import evaluations, shards, verdicts
from tests import make

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class Bells:
    """Takes what is rung for; `rung` holds (job, id, pool)."""

    def __init__(self):
        self.rung = []

    def __call__(self, name, *, args, queue):
        self.rung.append((name, args[0], queue))
        return self

    def apply_async(self):
        """Nobody listens."""


@pytest.fixture
def bells(monkeypatch, django_capture_on_commit_callbacks):
    heard = Bells()
    monkeypatch.setattr(queue, "signature", heard)
    return heard


def test_starting_freezes_the_plan_cuts_shards_and_rings_in_each_pool(bells, settings):
    settings.SHARD_SIZE = 8
    specs = [make.candidate_spec("a"), make.candidate_spec("b", pool="gpu")]
    evaluation = make.live_evaluation(samples=20, candidates=specs, plan=PlanSpec(max_samples=17))
    one, two = evaluation.runs.all()
    assert evaluation.sample_count == 17
    assert list(one.shards.values_list("start", "stop")) == [(0, 8), (8, 16), (16, 17)]
    in_turn = [("evals.work_on_run", one.pk, "default"), ("evals.work_on_run", two.pk, "gpu")]
    assert bells.rung == 3 * in_turn
    assert AuditEntry.objects.filter(action="evaluation started").count() == 1


def test_evaluations_of_a_task_are_numbered_without_gaps():
    task = make.task()
    assert [make.live_evaluation(task).number for _ in range(3)] == [1, 2, 3]


def test_a_run_is_rung_for_again_once_its_bell_was_not_heard_for_a_minute(bells):
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    bells.rung.clear()
    evaluations.ring_unfinished(now=timezone.now() + timedelta(seconds=30))
    assert bells.rung == []
    evaluations.ring_unfinished(now=timezone.now() + timedelta(seconds=90))
    evaluations.ring_unfinished(now=timezone.now() + timedelta(seconds=95))
    assert bells.rung == [("evals.work_on_run", run.pk, "default")]


def test_a_run_that_a_worker_left_is_rung_for_at_once(bells):
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    evaluations.begin_run(run_id=run.pk, now=NOW)
    bells.rung.clear()
    evaluations.ring_unfinished(now=NOW)
    assert len(bells.rung) == 1


def test_nobody_is_rung_for_while_a_worker_holds_the_run(bells):
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    evaluations.begin_run(run_id=run.pk, now=NOW)
    shards.claim_shard(run_id=run.pk, holder="elsewhere:1:1:1", now=NOW)
    bells.rung.clear()
    evaluations.ring_unfinished(now=NOW)
    assert bells.rung == []
    evaluations.ring_unfinished(now=NOW + timedelta(seconds=31))
    assert len(bells.rung) == 1


def test_a_run_is_rung_for_as_often_as_its_pool_has_workers_and_it_has_shards(bells, settings):
    settings.SHARD_SIZE = 1
    worker_of("gpu", processes=2)
    worker_of("gpu", "default", processes=1)
    worker_of("gpu", processes=50, seen_at=NOW - timedelta(hours=1))
    specs = [make.candidate_spec("a", pool="gpu"), make.candidate_spec("b", concurrency=6)]
    evaluation = make.live_evaluation(candidates=[*specs, make.candidate_spec("c", pool="cpu")])
    rung = Counter(run_id for _, run_id, _ in bells.rung)
    assert [rung[run.pk] for run in evaluation.runs.all()] == [3, 1, 4]


def test_no_more_workers_are_rung_for_than_an_endpoint_takes_calls(bells, settings):
    settings.SHARD_SIZE = 1
    spec = make.candidate_spec(concurrency=2)
    make.live_evaluation(candidates=[spec])
    assert len(bells.rung) == 2


def test_a_run_that_more_could_help_is_rung_for_one_at_a_time(bells, settings):
    settings.SHARD_SIZE = 4
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    for holders in range(1, 5):
        evaluations.begin_run(run_id=run.pk, now=NOW)
        shards.claim_shard(run_id=run.pk, holder=f"elsewhere:{holders}:1:1", now=NOW)
        bells.rung.clear()
        for _ in range(3):
            evaluations.ring_unfinished(now=NOW)
        assert len(bells.rung) == (1 if holders < 4 else 0)


def test_idle_workers_are_rung_for_all_at_once_and_busy_ones_are_not(bells, settings):
    settings.SHARD_SIZE = 1
    worker_of("default", processes=4)
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    evaluations.begin_run(run_id=run.pk, now=NOW)
    shards.claim_shard(run_id=run.pk, holder="elsewhere:1:1:1", now=NOW)
    make.live_evaluation(candidates=[make.candidate_spec()])
    bells.rung.clear()
    evaluations.ring_unfinished(now=NOW)
    assert [run_id for _, run_id, _ in bells.rung] == [run.pk, run.pk]


def test_the_last_of_several_makes_way_for_a_run_that_has_nobody(settings):
    settings.SHARD_SIZE = 1
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    evaluations.begin_run(run_id=run.pk, now=NOW)
    for holder in ("elsewhere:1:1:1", "elsewhere:2:1:1"):
        shards.claim_shard(run_id=run.pk, holder=holder, now=timezone.now())

    def making_way(seconds: float = 0) -> list[bool]:
        now = timezone.now() + timedelta(seconds=seconds)
        holders = ("elsewhere:1:1:1", "elsewhere:2:1:1")
        return [should_make_way(run, holder=holder, now=now) for holder in holders]

    assert making_way(10) == [False, False]
    other = make.live_evaluation(candidates=[make.candidate_spec(pool="gpu")]).runs.get()
    assert making_way(10) == [False, False]
    Endpoint.objects.filter(candidates__runs=other).update(pool="default")
    assert making_way() == [False, False]
    assert making_way(10) == [False, True]
    shards.claim_shard(run_id=other.pk, holder="elsewhere:3:1:1", now=timezone.now())
    assert making_way(10) == [False, False]


def worker_of(*pools: str, processes: int, seen_at: datetime | None = None) -> None:
    seen_at = seen_at or timezone.now()
    Worker.objects.create(
        name=f"worker {Worker.objects.count()}",
        host="a",
        pid=1,
        pools=sorted(pools),
        processes=processes,
        started_at=seen_at,
        seen_at=seen_at,
    )


def test_the_bells_of_many_runs_take_a_few_queries(bells, django_assert_max_num_queries):
    specs = [make.candidate_spec(f"open {n}") for n in range(12)]
    make.live_evaluation(candidates=specs)
    bells.rung.clear()
    with django_assert_max_num_queries(8):
        evaluations.ring_unfinished(now=timezone.now() + timedelta(seconds=90))
    assert len(bells.rung) == 12


def test_an_evaluation_of_the_command_line_is_left_to_its_command(bells):
    evaluation = make.live_evaluation(candidates=[make.candidate_spec()])
    copy = Evaluation.objects.get(pk=evaluation.pk)
    copy.pk, copy.number, copy.identity = None, 2, "f" * 64
    copy.save()
    Run.objects.update(evaluation=copy, rung_at=None)
    bells.rung.clear()
    evaluations.ring_unfinished(now=timezone.now() + timedelta(seconds=90))
    assert bells.rung == []


def test_an_evaluation_whose_worker_died_before_closing_it_is_closed(bells):
    evaluation = make.live_evaluation()
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
    evaluations.ring_unfinished(now=NOW)
    evaluation.refresh_from_db()
    assert evaluation.state == RunState.COMPLETED
    assert VerdictRow.objects.count() == 2


def test_stopping_without_anything_in_flight_closes_at_once_and_decides_nothing():
    evaluation = make.live_evaluation()
    user = make.member(evaluation.task.team)
    evaluations.stop_evaluation(evaluation=evaluation, user=user, now=NOW)
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.finished_at) == (RunState.STOPPED, NOW)
    assert [row.state for row in VerdictRow.objects.order_by("run__position")] == [
        None,
        "undecided",
    ]
    assert AuditEntry.objects.get(action="evaluation stopped").user == user


def test_stopping_twice_changes_nothing_more():
    evaluation = make.live_evaluation()
    for _ in range(2):
        evaluations.stop_evaluation(evaluation=evaluation, user=None, now=NOW)
    assert AuditEntry.objects.filter(action="evaluation stopped").count() == 1


def test_an_evaluation_with_something_in_flight_is_closed_when_the_lease_is_gone():
    evaluation = make.live_evaluation(candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    shard = shards.claim_shard(run_id=run.pk, holder="elsewhere:1:1:1", now=NOW)
    evaluations.stop_evaluation(evaluation=evaluation, user=None, now=NOW)
    assert not VerdictRow.objects.exists()
    later = NOW + shards.LEASE + timedelta(seconds=1)
    assert verdicts.close_evaluation(evaluation_id=evaluation.pk, now=later)
    assert shard is not None
    shard.refresh_from_db()
    # The late holder, should it wake up, has nothing to store into any more.
    assert (shard.state, shard.holder) == (ShardState.WAITING, "")


def test_resuming_goes_on_with_the_paused_runs_alone(bells):
    specs = [make.candidate_spec("a"), make.candidate_spec("b")]
    evaluation = make.live_evaluation(candidates=specs)
    one, two = evaluation.runs.all()
    evaluations.pause_run(run_id=one.pk, message="HTTP 401")
    evaluations.stop_run(run_id=two.pk, message="spent", now=NOW)
    bells.rung.clear()
    evaluations.resume_evaluation(evaluation=evaluation, user=None)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, one.message) == (RunState.QUEUED, "")
    assert (two.state, two.message) == (RunState.STOPPED, "spent")
    assert bells.rung == [("evals.work_on_run", one.pk, "default")]


def test_a_paused_run_keeps_its_evaluation_open():
    evaluation = make.live_evaluation(candidates=[make.candidate_spec()])
    evaluations.pause_run(run_id=evaluation.runs.get().pk, message="HTTP 401")
    assert verdicts.close_evaluation(evaluation_id=evaluation.pk, now=NOW) is None


def test_a_run_is_completed_only_when_every_shard_is_done(settings):
    settings.SHARD_SIZE = 8
    run = make.live_evaluation(candidates=[make.candidate_spec()]).runs.get()
    first = run.shards.get(start=0)
    Shard.objects.exclude(pk=first.pk).update(state=ShardState.DONE)
    evaluations.complete_run(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    Shard.objects.update(state=ShardState.DONE)
    evaluations.complete_run(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.finished_at) == (RunState.COMPLETED, NOW)


def test_a_broker_that_is_away_does_not_fail_what_was_committed(
    monkeypatch, django_capture_on_commit_callbacks, caplog
):
    class Away(Bells):
        def apply_async(self):
            raise OSError("no broker")

    monkeypatch.setattr(queue, "signature", Away())
    with django_capture_on_commit_callbacks(execute=True):
        evaluation = make.live_evaluation()
    assert Evaluation.objects.filter(pk=evaluation.pk).exists()
    assert "no broker" in caplog.text
