"""What stands out in a version: reckoned once, at once where it is small, else by a worker."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from evals.models import EvalSetVersion, VersionCheck
from evals.queries.setfigures import set_figures
from evals.queue import Job, enqueue

logger = logging.getLogger(__name__)
AT_ONCE_SAMPLES = 10_000
RING_AGAIN = timedelta(minutes=5)  # longer than a million rows take
MOST_BELLS = 20  # of versions that nobody asked for, such as those of the command line


@transaction.atomic
def ask_for_check(*, version: EvalSetVersion, now: datetime) -> None:
    """Have a version checked that was not yet."""
    _, is_new = VersionCheck.objects.get_or_create(version=version, defaults={"rung_at": now})
    if not is_new:
        return
    if version.sample_count <= AT_ONCE_SAMPLES:
        _check(version, now=now)
    else:
        enqueue(Job.CHECK_VERSION, version.pk)


def carry_out(version_id: int, *, now: datetime) -> None:
    """Check a version and keep what was found; a second call does nothing."""
    with transaction.atomic():
        waiting = VersionCheck.objects.filter(version_id=version_id, figures__isnull=True)
        # Whoever rings again finds a row that is worked on locked, and passes it by.
        rows = waiting.select_related("version").select_for_update(of=("self",), skip_locked=True)
        check = rows.first()
        if check is None:
            return
        _check(check.version, now=now)
    logger.info("version checked version=%s", version_id)


@transaction.atomic
def ring_for_checks(*, now: datetime) -> int:
    """Ring for versions that are not checked and were not rung for lately; return how many."""
    unknown = EvalSetVersion.objects.filter(check_row__isnull=True).exclude(sha256="")
    VersionCheck.objects.bulk_create(
        [VersionCheck(version=version) for version in unknown.order_by("-pk")[:MOST_BELLS]],
        ignore_conflicts=True,
    )
    rung = Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN)
    due = VersionCheck.objects.filter(rung, figures__isnull=True)
    checks = list(due.select_for_update(skip_locked=True))
    for check in checks:
        check.rung_at = now
        enqueue(Job.CHECK_VERSION, check.version_id)
    VersionCheck.objects.bulk_update(checks, ["rung_at"])
    return len(checks)


def _check(version: EvalSetVersion, *, now: datetime) -> None:
    document = set_figures(version).document()
    VersionCheck.objects.filter(version=version).update(figures=document, checked_at=now)
