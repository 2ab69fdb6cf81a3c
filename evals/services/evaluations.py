"""Evaluations from their frozen start to their end: start, stop, resume, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

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
from evals.queue import Job, enqueue
from evals.services.audit import record
from evals.services.shards import create_shards, free_dead_leases, release_shards
from evals.services.verdicts import close_evaluation

LONGEST_MESSAGE = 2000
RING_AGAIN = timedelta(seconds=60)  # an unheard bell may have been lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The rows that an evaluation rests on; `candidates` in the order of the spec's."""

    version: EvalSetVersion
    bar: QualityBar
    scorer_set: ScorerSet
    candidates: Sequence[Candidate]


@transaction.atomic
def start_evaluation(
    *, spec: Spec, grounds: Grounds, user: User | None, identity: str | None = None
) -> Evaluation:
    """Freeze the plan, cut every candidate's work into shards, and ring for the workers.

    With an `identity` the evaluation is driven by the command that made it, so nobody is rung for.
    """
    task = grounds.version.eval_set.task
    type(task).objects.select_for_update().get(pk=task.pk)  # numbers have no gaps and no doubles
    limit = spec.plan.max_samples or grounds.version.sample_count
    evaluation = Evaluation.objects.create(
        task=task,
        number=(task.evaluations.aggregate(Max("number"))["number__max"] or 0) + 1,
        version=grounds.version,
        bar=grounds.bar,
        scorer_set=grounds.scorer_set,
        spec=write_spec(spec),
        identity=identity,
        sample_count=min(limit, grounds.version.sample_count),
        epochs=spec.plan.epochs,
        state=RunState.RUNNING,
        created_by=user,
    )
    for position, candidate in enumerate(grounds.candidates):
        _create_run(evaluation, candidate, position, is_incumbent=candidate.name == spec.incumbent)
    if identity is None:
        ring(evaluation.runs.all(), now=timezone.now())
    _audit("evaluation started", evaluation, user)
    return evaluation


@transaction.atomic
def stop_evaluation(*, evaluation: Evaluation, user: User | None, now: datetime) -> int:
    """Ask nothing more; what is in flight is still stored, and verdicts follow from what is.

    Returns:
        How many runs were stopped.
    """
    stopped = evaluation.runs.filter(state__in=[*LIVE, RunState.PAUSED]).update(
        state=RunState.STOPPED, finished_at=now
    )
    if stopped:
        _audit("evaluation stopped", evaluation, user)
        close_evaluation(evaluation_id=evaluation.pk, now=now)
    return stopped


@transaction.atomic
def resume_evaluation(*, evaluation: Evaluation, user: User | None) -> int:
    """Go on with the runs that are paused, ring for the workers; return how many runs those are."""
    if resumed := go_on(evaluation=evaluation, user=user):
        ring(evaluation.runs.filter(state__in=LIVE), now=timezone.now())
    return resumed


@transaction.atomic
def go_on(*, evaluation: Evaluation, user: User | None) -> int:
    """Make the paused runs live again for whoever comes; return how many there were."""
    resumed = evaluation.runs.filter(state=RunState.PAUSED).update(
        state=RunState.QUEUED, message=""
    )
    if resumed:
        _audit("evaluation resumed", evaluation, user)
    return resumed


@transaction.atomic
def ring(runs: QuerySet[Run], *, now: datetime) -> None:
    """Ring once for each of the runs, in the pool of its endpoint."""
    pools = dict(runs.values_list("pk", "candidate__endpoint__pool"))
    Run.objects.filter(pk__in=pools).update(rung_at=now)
    for run_id, pool in pools.items():
        enqueue(Job.WORK_ON_RUN, run_id, pool=pool)


def begin_run(*, run_id: int, now: datetime) -> bool:
    """Mark a run as running; False if it is not to be worked on any more."""
    live = Run.objects.filter(pk=run_id, state__in=LIVE)
    live.filter(started_at__isnull=True).update(started_at=now)
    return bool(live.update(state=RunState.RUNNING, rung_at=None))


def leave_run(*, run_id: int, holder: str) -> None:
    """Give back what the holder has of the run."""
    release_shards(run_id=run_id, holder=holder)
    Run.objects.filter(pk=run_id).update(in_flight=0)


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


def complete_run(*, run_id: int, now: datetime) -> None:
    """Mark a run as completed if every shard is done.

    Runs after the commit of the last shard: inside it, two last shards would each see the other
    unfinished.
    """
    unfinished = Shard.objects.filter(run=OuterRef("pk")).exclude(state=ShardState.DONE)
    Run.objects.filter(~Exists(unfinished), pk=run_id, state__in=LIVE).update(
        state=RunState.COMPLETED, finished_at=now
    )


def ring_unfinished(*, now: datetime) -> None:
    """Free the leases of dead processes, ring for live runs without a worker, close what ended.

    A run whose bell nobody has heard yet waits in the queue, or its message is lost: it is rung
    for again after a minute. Those of the command line are driven by their command.
    """
    free_dead_leases()
    held = Shard.objects.filter(run=OuterRef("pk"), state=ShardState.LEASED, lease_until__gte=now)
    ring(
        Run.objects.filter(
            ~Exists(held),
            Q(rung_at__isnull=True) | Q(rung_at__lt=now - RING_AGAIN),
            state__in=LIVE,
            evaluation__identity__isnull=True,
        ),
        now=now,
    )
    going_on = Run.objects.filter(evaluation=OuterRef("pk")).exclude(state__in=FINAL)
    for ended in Evaluation.objects.filter(~Exists(going_on), finished_at__isnull=True):
        close_evaluation(evaluation_id=ended.pk, now=now)


def _create_run(
    evaluation: Evaluation, candidate: Candidate, position: int, *, is_incumbent: bool
) -> None:
    run = Run.objects.create(
        evaluation=evaluation, candidate=candidate, position=position, is_incumbent=is_incumbent
    )
    create_shards(run=run, places=evaluation.sample_count, size=settings.SHARD_SIZE)


def _audit(action: str, evaluation: Evaluation, user: User | None) -> None:
    subject = f"{evaluation.task.name} {evaluation.number}"
    record(team=evaluation.task.team, user=user, action=action, subject=subject)
