"""Keeping the figures of ended runs in one place each, so that no page reads 100,000 trials."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from evals.models import Evaluation, Run, TrialPack
from evals.queries.runcolumns import NOTHING, columns_of, packed
from evals.queries.specs import frozen_spec
from evals.queue import Job, enqueue

logger = logging.getLogger(__name__)
# Trials of a run that are read as fast as a pack of them.
FEW = 5_000
RING_AGAIN = timedelta(minutes=2)  # longer than a million trials take
BELLS_AT_ONCE = 20


def ring_for_runs(evaluation: Evaluation, runs: Iterable[Run]) -> None:
    """Ring for the runs of an evaluation that ends, if they are large."""
    if evaluation.sample_count * evaluation.epochs > FEW:
        for run in runs:
            enqueue(Job.PACK_TRIALS, run.pk)


@transaction.atomic
def pack_trials(run_id: int, *, now: datetime) -> bool:
    """Keep the figures of a run's trials; False where that is done, or not to be done."""
    # Locked: a task that is being deleted takes its runs first.
    runs = _large().select_related("evaluation__version")
    run = runs.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk=run_id)
    if (found := run.first()) is None or _is_made(run_id):
        return False
    names = [scorer.name for scorer in frozen_spec(found.evaluation).scorers]
    columns = columns_of([found], names).get(run_id, NOTHING)
    made = {"packed": packed(columns), "made_at": now}
    TrialPack.objects.update_or_create(run_id=run_id, defaults=made)
    logger.info("trials packed run=%s trials=%d", run_id, len(columns["position"]))
    return True


@transaction.atomic
def ring_for_packs(*, now: datetime) -> int:
    """Ring for ended runs that nobody packs, also those from before, and return how many."""
    new = _large().filter(evaluation__finished_at__lt=now - RING_AGAIN, trial_pack=None)
    TrialPack.objects.bulk_create(
        [TrialPack(run=run) for run in new.only("pk")[:BELLS_AT_ONCE]], ignore_conflicts=True
    )
    is_silent = Q(heard_at=None) | Q(heard_at__lt=now - RING_AGAIN)
    due = TrialPack.objects.filter(is_silent, made_at=None).select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:BELLS_AT_ONCE])
    TrialPack.objects.filter(pk__in=ids).update(heard_at=now)
    for run_id in ids:
        enqueue(Job.PACK_TRIALS, run_id)
    return len(ids)


def _large() -> QuerySet[Run]:
    runs = Run.objects.alias(most=F("evaluation__sample_count") * F("evaluation__epochs"))
    return runs.filter(most__gt=FEW, evaluation__finished_at__isnull=False)


def _is_made(run_id: int) -> bool:
    return TrialPack.objects.filter(pk=run_id, made_at__isnull=False).exists()
