"""Bells for connection tests that no worker has heard of: their messages may be lost."""

from datetime import datetime, timedelta

from django.db import transaction

from evals.models import ConnectionTest
from evals.queue import Job, enqueue

RING_AGAIN = timedelta(minutes=3)  # longer than a test takes: asking twice is paid for twice
LOST_AFTER = timedelta(days=1)  # nobody waits any more


@transaction.atomic
def ring_for_tests(*, now: datetime) -> int:
    """Ring for each unfinished test that was rung for a while ago, and return how many."""
    unfinished = ConnectionTest.objects.filter(
        finished_at__isnull=True, created_at__gt=now - LOST_AFTER
    )
    tests = unfinished.select_related("candidate__endpoint").select_for_update(
        of=("self",), skip_locked=True
    )
    due = [test for test in tests if _rung_at(test) < now - RING_AGAIN]
    for test in due:
        test.result = {"rung_at": now.isoformat()}
        test.save(update_fields=["result"])
        enqueue(Job.TRY_ENDPOINT, test.pk, pool=test.candidate.endpoint.pool)
    return len(due)


def _rung_at(test: ConnectionTest) -> datetime:
    rung = test.result.get("rung_at")
    return datetime.fromisoformat(rung) if rung else test.created_at
