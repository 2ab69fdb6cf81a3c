"""A person's score of a trial, kept beside the automatic one: saved, taken back, put back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from evals.models import HumanScore, Trial, User
from evals.services.audit import record_evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says by one scorer's measure, from 0 to 1, and why."""

    scorer: str
    value: float
    note: str = ""


@transaction.atomic
def save_human_score(*, trial: Trial, said: Said, user: User, now: datetime) -> HumanScore:
    """Store what a person says an output is worth; an earlier score stays on record.

    Select the trial's run, evaluation, task and team beforehand.
    """
    # Two people at once: the second waits, and replaces what the first one said.
    Trial.objects.select_for_update().only("pk").get(pk=trial.pk)
    trial.human_scores.filter(scorer=said.scorer, withdrawn_at=None).update(withdrawn_at=now)
    saved = HumanScore.objects.create(
        trial=trial, scorer=said.scorer, value=said.value, note=said.note, created_by=user
    )
    _record(saved, trial, action="human score saved", user=user)
    return saved


@transaction.atomic
def withdraw_human_score(*, score: HumanScore, trial: Trial, user: User, now: datetime) -> bool:
    """Take a score back, so that the automatic one stands alone; return whether it still stood."""
    standing = HumanScore.objects.filter(pk=score.pk, withdrawn_at=None)
    if not standing.update(withdrawn_at=now):
        return False
    _record(score, trial, action="human score taken back", user=user)
    return True


@transaction.atomic
def restore_human_score(*, score: HumanScore, trial: Trial, user: User, now: datetime) -> bool:
    """Put a score back that was taken back; return whether it was not standing already."""
    Trial.objects.select_for_update().only("pk").get(pk=trial.pk)
    others = trial.human_scores.filter(scorer=score.scorer, withdrawn_at=None)
    if others.filter(pk=score.pk).exists():
        return False
    others.update(withdrawn_at=now)
    HumanScore.objects.filter(pk=score.pk).update(withdrawn_at=None)
    _record(score, trial, action="human score put back", user=user)
    return True


def _record(score: HumanScore, trial: Trial, *, action: str, user: User) -> None:
    record_evaluation(
        trial.run.evaluation,
        action=action,
        user=user,
        run=trial.run_id,
        trial=trial.pk,
        scorer=score.scorer,
        value=score.value,
    )
