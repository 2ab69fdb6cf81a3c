"""Requests that may have been sent and paid without an answer being stored."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F

from evals.domain.specs import EndpointKind
from evals.models import Run, Shard
from evals.queries.work import stored_trials


def note_lost(shards: Iterable[Shard]) -> None:
    """Note what the holders of lost shards may have asked: every trial that the shards lack.

    Nothing less is a true bound: answers wait to be scored and stored after they have come. Call it
    with the shards locked, so that nobody stores any more.
    """
    lacking: Counter[Run] = Counter()
    for shard in shards:
        planned = (shard.stop - shard.start) * shard.run.evaluation.epochs
        lacking[shard.run] += planned - len(stored_trials([shard]))
    for run, requests in lacking.items():
        note_unconfirmed(run=run, requests=requests)


def note_unconfirmed(*, run: Run, requests: int) -> None:
    """Add to the requests of the run that may have been paid; recorded answers never are."""
    if requests > 0 and run.candidate.endpoint.kind != EndpointKind.RECORDED:
        Run.objects.filter(pk=run.pk).update(unconfirmed=F("unconfirmed") + requests)
