"""What a person tells a live evaluation: pause, cancel. Stop and resume are in `evaluations`."""

from datetime import datetime

from django.db import transaction

from evals.models import Evaluation, Run, Shard, User
from evals.models.evaluations import FINAL, LIVE, RunState, ShardState
from evals.services.audit import record_evaluation
from evals.services.evaluations import go_on, ring
from evals.services.shards import free_leases


@transaction.atomic
def pause_evaluation(*, evaluation: Evaluation, user: User | None) -> int:
    """Ask nothing more until somebody resumes; what is in flight is still stored.

    Returns:
        How many runs were paused.
    """
    paused = evaluation.runs.filter(state__in=LIVE).update(
        state=RunState.PAUSED, message=_by("paused", user)
    )
    if paused:
        record_evaluation(evaluation, action="evaluation paused", user=user)
    return paused


@transaction.atomic
def pause_one(*, run: Run, user: User | None) -> bool:
    """Pause a single run; the others go on. False if it was not live."""
    paused = Run.objects.filter(pk=run.pk, state__in=LIVE).update(
        state=RunState.PAUSED, message=_by("paused", user)
    )
    if paused:
        _record(run, "run paused", user)
    return bool(paused)


@transaction.atomic
def resume_one(*, run: Run, user: User | None, now: datetime) -> bool:
    """Go on with a single paused run, and ring for a worker. False if it was not paused."""
    evaluation = run.evaluation
    if not go_on(evaluation.runs.filter(pk=run.pk)):
        return False
    _record(run, "run resumed", user)
    ring(evaluation.runs.filter(pk=run.pk), now=now)
    return True


@transaction.atomic
def cancel_evaluation(*, evaluation: Evaluation, user: User | None, now: datetime) -> bool:
    """End the evaluation without a verdict; False if it has ended already.

    Calls in flight are given up within a second, and what they would have brought is dropped.
    What is stored stays. A command with the same spec begins another evaluation then, so the
    identity ends here.
    """
    live = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    if live.finished_at is not None:
        return False
    live.runs.exclude(state__in=FINAL).update(
        state=RunState.CANCELLED, message=_by("cancelled", user), finished_at=now
    )
    free_leases(Shard.objects.filter(run__evaluation=live, state=ShardState.LEASED))
    record_evaluation(
        evaluation, action="evaluation cancelled", user=user, identity=evaluation.identity
    )
    live.state, live.finished_at, live.identity = RunState.CANCELLED, now, None
    live.save(update_fields=["state", "finished_at", "identity"])
    return True


def _by(done: str, user: User | None) -> str:
    name = "" if user is None else user.name or user.email
    return f"{done} by {name}" if name else f"{done} from the command line"


def _record(run: Run, action: str, user: User | None) -> None:
    record_evaluation(run.evaluation, action=action, user=user, candidate=run.candidate.name)
