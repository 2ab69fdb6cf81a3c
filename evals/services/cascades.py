"""Replaying a cascade: asked for by a member, computed by a job from stored trials."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from evals.domain.cascadesignals import Signal, SignalError, SignalKind, check_signal
from evals.models import CascadeReplay, Evaluation, Run, Trial, User
from evals.models.evaluations import RunState
from evals.models.facts import ReplayState
from evals.queries.cascadegrounds import UnpairedError
from evals.queries.cascaderesults import replay_result
from evals.queue import Job, enqueue
from evals.services.audit import record_evaluation

logger = logging.getLogger(__name__)
RING_AGAIN = timedelta(minutes=3)  # longer than a replay of 100,000 pairs takes
LOST_AFTER = timedelta(days=1)  # nobody waits any more


@transaction.atomic
def start_replay(
    *, evaluation: Evaluation, first: Run, second: Run, signal: Signal, user: User | None
) -> CascadeReplay:
    """Ask for a replay; one that is there already is given back, one that failed is tried again.

    Raises:
        SignalError: If the evaluation cannot give it, with the field at fault and what is needed.
    """
    _check(evaluation, first, second, signal)
    replay, is_new = CascadeReplay.objects.select_for_update(of=("self",)).get_or_create(
        evaluation=evaluation,
        first=first,
        second=second,
        signal=signal.document(),
        defaults={"created_by": user},
    )
    if not is_new and replay.state != ReplayState.FAILED:
        return replay
    if not is_new:
        replay.state, replay.message, replay.finished_at = ReplayState.QUEUED, "", None
        replay.save(update_fields=["state", "message", "finished_at"])
    enqueue(Job.REPLAY_CASCADE, replay.pk)
    record_evaluation(
        evaluation,
        action="cascade replayed",
        user=user,
        first=first.candidate.name,
        second=second.candidate.name,
        signal=signal.kind.value,
    )
    return replay


def carry_out(replay_id: int, *, now: datetime) -> None:
    """Compute a replay and keep what it found; a second call does nothing."""
    waiting = CascadeReplay.objects.filter(state=ReplayState.QUEUED)
    replay = waiting.select_related("evaluation__version").filter(pk=replay_id).first()
    if replay is None:
        return
    changes = _computed(replay)
    with transaction.atomic():
        waiting.filter(pk=replay_id).update(finished_at=now, **changes)
    logger.info("cascade replayed replay=%s state=%s", replay_id, changes["state"])


@transaction.atomic
def ring_for_replays(*, now: datetime) -> int:
    """Ring for each replay that was rung for a while ago and nobody did, and return how many."""
    waiting = CascadeReplay.objects.filter(
        state=ReplayState.QUEUED, created_at__gt=now - LOST_AFTER
    )
    replays = waiting.select_for_update(of=("self",), skip_locked=True)
    due = [replay for replay in replays if _rung_at(replay) < now - RING_AGAIN]
    for replay in due:
        replay.result = {"rung_at": now.isoformat()}
        replay.save(update_fields=["result"])
        enqueue(Job.REPLAY_CASCADE, replay.pk)
    return len(due)


def _computed(replay: CascadeReplay) -> dict[str, Any]:
    try:
        result = replay_result(replay)
    except UnpairedError as error:
        return {"state": ReplayState.FAILED, "message": str(error), "result": {}}
    return {"state": ReplayState.COMPLETED, "message": "", "result": result}


def _rung_at(replay: CascadeReplay) -> datetime:
    rung = replay.result.get("rung_at")
    return datetime.fromisoformat(rung) if rung else replay.created_at


def _check(evaluation: Evaluation, first: Run, second: Run, signal: Signal) -> None:
    if evaluation.finished_at is None or evaluation.state == RunState.CANCELLED:
        raise SignalError("A cascade is replayed on an evaluation that has ended.", field="first")
    if first.pk == second.pk:
        raise SignalError("The second candidate has to be another one.", field="second")
    if Trial.objects.filter(run__in=[first, second], details__has_key="erased").exists():
        raise SignalError("Its answers were deleted, and a cascade is replayed on them.")
    check_signal(signal, epochs=evaluation.epochs)
    if signal.kind is not SignalKind.DISAGREEMENT:
        return
    others = evaluation.runs.exclude(pk__in=[first.pk, second.pk])
    if not others.filter(pk=signal.third or 0).exists():
        raise SignalError(
            "The third candidate has to be one of this evaluation, and neither the first nor the"
            " second.",
            field="third",
        )
