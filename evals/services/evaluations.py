"""Evaluations from their frozen start to their end: start, stop, resume, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from evals.domain.specfile import write_spec
from evals.domain.specs import Spec
from evals.models import (
    Candidate,
    Evaluation,
    EvalSetVersion,
    QualityBar,
    Run,
    ScorerSet,
    Shard,
    User,
)
from evals.models.evaluations import LIVE, RunState, ShardState
from evals.queue import Job, enqueue
from evals.services.audit import record
from evals.services.shards import create_shards, free_dead_leases
from evals.services.verdicts import close_evaluation

UNRUNG = timedelta(seconds=15)


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
        ring(evaluation)
    _audit("evaluation started", evaluation, user)
    return evaluation


def ring(evaluation: Evaluation) -> None:
    """Ring once for each run that is still to be done."""
    for run in evaluation.runs.filter(state__in=LIVE).select_related("candidate__endpoint"):
        enqueue(Job.WORK_ON_RUN, run.pk, pool=run.candidate.endpoint.pool)


@transaction.atomic
def stop_evaluation(*, evaluation: Evaluation, user: User | None, now: datetime) -> None:
    """Ask nothing more; what is in flight is still stored, and verdicts follow from what is there."""
    stopped = evaluation.runs.filter(state__in=[*LIVE, RunState.PAUSED]).update(
        state=RunState.STOPPED, finished_at=now
    )
    if stopped:
        _audit("evaluation stopped", evaluation, user)
        close_evaluation(evaluation_id=evaluation.pk, now=now)


@transaction.atomic
def pause_run(*, run_id: int, message: str) -> None:
    """Stop asking until a person resumes the run; `message` tells them why."""
    Run.objects.filter(pk=run_id, state__in=LIVE).update(
        state=RunState.PAUSED, message=message[:2000], in_flight=0
    )


@transaction.atomic
def resume_evaluation(*, evaluation: Evaluation, user: User | None) -> None:
    """Go on with the runs that are paused."""
    resumed = evaluation.runs.filter(state=RunState.PAUSED).update(
        state=RunState.QUEUED, message=""
    )
    if resumed:
        Evaluation.objects.filter(pk=evaluation.pk).update(state=RunState.RUNNING)
        ring(evaluation)
        _audit("evaluation resumed", evaluation, user)


def begin_run(*, run_id: int, now: datetime) -> bool:
    """Mark a run as running; False if it is not to be worked on any more."""
    live = Run.objects.filter(pk=run_id, state__in=LIVE)
    live.filter(started_at__isnull=True).update(started_at=now)
    return bool(live.update(state=RunState.RUNNING))


def complete_run(*, run_id: int, now: datetime) -> None:
    """Mark a run as completed if every shard is done.

    Runs after the commit of the last shard: inside it, two last shards would each see the other
    unfinished.
    """
    unfinished = Shard.objects.filter(run=OuterRef("pk")).exclude(state=ShardState.DONE)
    Run.objects.filter(~Exists(unfinished), pk=run_id, state__in=LIVE).update(
        state=RunState.COMPLETED, finished_at=now, in_flight=0
    )


def ring_unfinished(*, now: datetime) -> None:
    """Free the leases of dead processes, and ring for live runs that nobody holds."""
    free_dead_leases()
    held = Shard.objects.filter(run=OuterRef("pk"), state=ShardState.LEASED, lease_until__gte=now)
    orphans = Run.objects.filter(
        ~Exists(held),
        state__in=LIVE,
        evaluation__identity__isnull=True,
        evaluation__created_at__lt=now - UNRUNG,
    )
    for run in orphans.select_related("candidate__endpoint"):
        enqueue(Job.WORK_ON_RUN, run.pk, pool=run.candidate.endpoint.pool)
    for ended in Evaluation.objects.filter(state__in=LIVE, finished_at__isnull=True):
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
