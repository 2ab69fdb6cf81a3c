"""Evaluations from their frozen start to their end: start, stop, resume, close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from evals.domain.order import asked_count
from evals.domain.specfile import write_spec
from evals.domain.specs import Spec
from evals.models import (
    Candidate,
    EvalSetVersion,
    Evaluation,
    QualityBar,
    Run,
    ScorerSet,
    Shard,
    User,
)
from evals.models.evaluations import FINAL, LIVE, RunState, ShardState
from evals.queries.workforce import Need, idle_by_pool, needs_of
from evals.queue import Job, enqueue
from evals.services.audit import record_evaluation
from evals.services.shards import create_shards, free_dead_leases, release_shards
from evals.services.verdicts import close_evaluation

LONGEST_MESSAGE = 2000
RING_AGAIN = timedelta(seconds=60)  # an unheard bell may have been lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The rows that an evaluation rests on; `candidates` in the order of the spec's.

    Answers to the same questions are taken from earlier evaluations unless `reuse_answers` is
    False. `extends` is the one whose failures are asked again.
    """

    version: EvalSetVersion
    bar: QualityBar
    scorer_set: ScorerSet
    candidates: Sequence[Candidate]
    reuse_answers: bool = True
    extends: Evaluation | None = None


@transaction.atomic
def start_evaluation(
    *, spec: Spec, grounds: Grounds, user: User | None, identity: str | None = None
) -> Evaluation:
    """Freeze the plan, cut every candidate's work into shards, and ring for the workers.

    With an `identity` the evaluation is driven by the command that made it, so nobody is rung for.
    """
    task = grounds.version.eval_set.task
    type(task).objects.select_for_update(no_key=True).get(
        pk=task.pk
    )  # numbers have no gaps and no doubles
    evaluation = Evaluation.objects.create(
        task=task,
        number=(task.evaluations.aggregate(Max("number"))["number__max"] or 0) + 1,
        version=grounds.version,
        bar=grounds.bar,
        scorer_set=grounds.scorer_set,
        spec=write_spec(spec),
        identity=identity,
        extends=grounds.extends,
        reuse_answers=grounds.reuse_answers,
        sample_count=asked_count(grounds.version.sample_count, spec.plan),
        epochs=spec.plan.epochs,
        state=RunState.RUNNING,
        created_by=user,
    )
    for position, candidate in enumerate(grounds.candidates):
        _create_run(evaluation, candidate, position, is_incumbent=candidate.name == spec.incumbent)
    if identity is None:
        ring(evaluation.runs.all(), now=timezone.now())
    record_evaluation(evaluation, action="evaluation started", user=user)
    return evaluation


@transaction.atomic
def stop_evaluation(*, evaluation: Evaluation, user: User | None, now: datetime) -> int:
    """Ask nothing more; what is in flight is still stored, and verdicts follow from what is.

    Returns:
        How many runs were stopped.
    """
    # In the order in which cancelling locks: the evaluation before its runs.
    Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    stopped = evaluation.runs.filter(state__in=[*LIVE, RunState.PAUSED]).update(
        state=RunState.STOPPED, finished_at=now
    )
    if stopped:
        record_evaluation(evaluation, action="evaluation stopped", user=user)
        close_evaluation(evaluation_id=evaluation.pk, now=now)
    return stopped


@transaction.atomic
def resume_evaluation(*, evaluation: Evaluation, user: User | None) -> int:
    """Go on with the runs that are paused, ring for the workers; return how many runs those are."""
    now = timezone.now()
    if resumed := go_on(evaluation.runs.all()):
        record_evaluation(evaluation, action="evaluation resumed", user=user)
        # A run that somebody works on may be a command's, with keys that no worker has.
        idle = Q(pk__in=resumed) | ~Exists(_held(now=now))
        ring(evaluation.runs.filter(idle, state__in=LIVE), now=now)
    return len(resumed)


@transaction.atomic
def take_over(*, evaluation: Evaluation) -> None:
    """Make a command drive the evaluation: paused runs go on, and nobody else is rung for."""
    if go_on(evaluation.runs.all()):
        record_evaluation(evaluation, action="evaluation resumed", user=None)
    evaluation.runs.update(rung_at=None)


def go_on(runs: QuerySet[Run]) -> list[int]:
    """Make the paused ones of the runs live again for whoever comes; return their ids."""
    paused = runs.filter(state=RunState.PAUSED)
    ids = list(paused.select_for_update(no_key=True).values_list("pk", flat=True))
    runs.filter(pk__in=ids).update(state=RunState.QUEUED, message="")
    return ids


@transaction.atomic
def ring(runs: QuerySet[Run], *, now: datetime) -> None:
    """Ring for as many workers as each of the runs can use, in the pool of its endpoint."""
    needs = needs_of(runs, now=now)
    _ring({need: max(1, need.useful) for need in needs}, now=now)


def _note_unrung(run_id: int) -> None:
    """Let the next tick ring for a run whose bell the broker did not take."""
    Run.objects.filter(pk=run_id).update(rung_at=None)


def begin_run(*, run_id: int, now: datetime) -> bool:
    """Mark a run as running; False if it is not to be worked on any more."""
    live = Run.objects.filter(pk=run_id, state__in=LIVE)
    live.filter(started_at__isnull=True).update(started_at=now)
    # On a run of the command line it stays: somebody in the browser has given it to the workers.
    live.filter(evaluation__identity__isnull=True).update(rung_at=None)
    return bool(live.update(state=RunState.RUNNING))


def leave_run(*, run_id: int, holder: str) -> None:
    """Give back what the holder has of the run; who is the last to go leaves nothing in flight."""
    release_shards(run_id=run_id, holder=holder)
    held = Shard.objects.filter(run=OuterRef("pk"), state=ShardState.LEASED)
    Run.objects.filter(~Exists(held), pk=run_id).update(in_flight=0)


def pause_run(*, run_id: int, message: str) -> None:
    """Stop asking until a person resumes the run; `message` tells them why."""
    Run.objects.filter(pk=run_id, state__in=LIVE).update(
        state=RunState.PAUSED, message=message[:LONGEST_MESSAGE]
    )


def stop_run(*, run_id: int, message: str, now: datetime) -> None:
    """End a run before its last sample, as its plan says; `message` tells why."""
    Run.objects.filter(pk=run_id, state__in=LIVE).update(
        state=RunState.STOPPED, message=message[:LONGEST_MESSAGE], finished_at=now
    )


@transaction.atomic
def complete_run(*, run_id: int, now: datetime) -> None:
    """Mark a run as completed if every shard is done.

    Runs after the commit of the last shard: inside it, two last shards would each see the other
    unfinished. The run is locked first, so that nobody opens a shard again meanwhile.
    """
    Run.objects.filter(pk=run_id).select_for_update(no_key=True).first()
    unfinished = Shard.objects.filter(run=OuterRef("pk")).exclude(state=ShardState.DONE)
    Run.objects.filter(~Exists(unfinished), pk=run_id, state__in=LIVE).update(
        state=RunState.COMPLETED, finished_at=now
    )


def ring_unfinished(*, now: datetime) -> None:
    """Free the leases of dead processes, ring for live runs, close what ended.

    A run without a worker is rung for, one that more could help where workers are idle. One whose
    bell nobody has heard yet waits in the queue, or its message is lost: it is rung for again
    after a minute. Those of the command line are driven by their command, until somebody resumes
    them in the browser.
    """
    free_dead_leases()
    is_driven = Q(evaluation__identity__isnull=False, rung_at__isnull=True)
    live = Run.objects.filter(~is_driven, state__in=LIVE)
    _ring(_bells(needs_of(live, now=now), now=now), now=now)
    going_on = Run.objects.filter(evaluation=OuterRef("pk")).exclude(state__in=FINAL)
    for ended in Evaluation.objects.filter(~Exists(going_on), finished_at__isnull=True):
        close_evaluation(evaluation_id=ended.pk, now=now)


def _held(*, now: datetime) -> QuerySet[Shard]:
    return Shard.objects.filter(run=OuterRef("pk"), state=ShardState.LEASED, lease_until__gte=now)


def _bells(needs: Sequence[Need], *, now: datetime) -> dict[Need, int]:
    """Return how often to ring for each run: once for one without a worker, and for who is idle.

    Where nobody knows who is idle, one more worker is rung for at a time.
    """
    idle, bells = idle_by_pool(needs, now=now), dict[Need, int]()
    for need in needs:
        is_due = need.rung_at is None or need.rung_at < now - RING_AGAIN
        if is_due and not need.holders:
            bells[need] = 1
        elif is_due and (more := min(need.useful, idle.get(need.pool, 1))):
            bells[need] = more
            if need.pool in idle:
                idle[need.pool] -= more
    return bells


@transaction.atomic
def _ring(bells: Mapping[Need, int], *, now: datetime) -> None:
    """Ring so often for each run, in turn: no run's second worker comes before another's first."""
    Run.objects.filter(pk__in=[need.run_id for need in bells]).update(rung_at=now)
    for turn in range(max(bells.values(), default=0)):
        for need, often in bells.items():
            if turn < often:
                lost = partial(_note_unrung, need.run_id)
                enqueue(Job.WORK_ON_RUN, need.run_id, pool=need.pool, if_lost=lost)


def _create_run(
    evaluation: Evaluation, candidate: Candidate, position: int, *, is_incumbent: bool
) -> None:
    run = Run.objects.create(
        evaluation=evaluation, candidate=candidate, position=position, is_incumbent=is_incumbent
    )
    create_shards(run=run, places=evaluation.sample_count, size=settings.SHARD_SIZE)
