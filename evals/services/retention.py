"""Deleting what models said, some time after an evaluation ended; scores and figures stay.

What is left of a trial: its state, scores, tokens and times, so that verdicts and reports can
still be computed from it. `details` says that the texts were there once.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Case, Exists, OuterRef, QuerySet, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from evals.domain.trials import TrialState
from evals.models import AuditEntry, Evaluation, Run, Team, Trial, User
from evals.services.audit import record, record_evaluation

logger = logging.getLogger(__name__)
CHUNK = 5000  # places of a run's order
DELETED = "answers deleted"
ERASED = {"erased": True}


@transaction.atomic
def set_retention(*, team: Team, days: int | None, user: User) -> bool:
    """Keep answers so many days after their evaluation ended, None for ever; False if so yet."""
    before = Team.objects.select_for_update().get(pk=team.pk).retention_days
    if before == days:
        return False
    Team.objects.filter(pk=team.pk).update(retention_days=days)
    record(
        team=team, user=user, action="retention set", subject=team.name, before=before, days=days
    )
    return True


def evaluations_past(team: Team, *, days: int, now: datetime) -> QuerySet[Evaluation]:
    """Return the team's evaluations that ended so long ago and still have their answers."""
    of = Cast(KT("details__evaluation_id"), BigIntegerField())
    gone = AuditEntry.objects.filter(team=team, action=DELETED).annotate(of=of)
    return Evaluation.objects.filter(
        ~Exists(gone.filter(of=OuterRef("pk"))),
        task__team=team,
        finished_at__lt=now - timedelta(days=days),
    )


def delete_old_answers(*, now: datetime) -> int:
    """Delete what every team's retention says, a chunk at a time; return how many trials' texts.

    Cut short, the next call goes on.
    """
    erased = 0
    for team in Team.objects.filter(retention_days__isnull=False):
        days = team.retention_days or 0
        for evaluation in evaluations_past(team, days=days, now=now).select_related("task__team"):
            erased += _erase(evaluation, days=days)
    return erased


def _erase(evaluation: Evaluation, *, days: int) -> int:
    erased = sum(_erase_chunk(chunk) for chunk in _chunks(evaluation))
    record_evaluation(
        evaluation,
        action=DELETED,
        user=None,
        evaluation_id=evaluation.pk,
        trials=erased,
        kept_days=days,
    )
    logger.info("answers deleted evaluation=%s trials=%d", evaluation.pk, erased)
    return erased


def _chunks(evaluation: Evaluation) -> Iterator["QuerySet[Trial]"]:
    for run in Run.objects.filter(evaluation=evaluation):
        for start in range(0, evaluation.sample_count, CHUNK):
            yield Trial.objects.filter(run=run, place__gte=start, place__lt=start + CHUNK)


def _erase_chunk(trials: "QuerySet[Trial]") -> int:
    """Blank the texts; without its hash no answer is taken for a later evaluation's question."""
    return trials.exclude(details=ERASED).update(
        output=Case(When(state=TrialState.OK.value, then=Value("")), default=None),
        answer=None,
        error="",
        details=ERASED,
        prompt_hash=None,
    )
