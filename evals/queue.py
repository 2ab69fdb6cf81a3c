"""The doorbell: which jobs there are, and ringing for one after commit. Tables hold the truth."""

from enum import StrEnum

from celery import signature
from django.db import transaction


class Job(StrEnum):
    """A job by the name that workers know; the functions are in `evals.jobs`."""

    WORK_ON_RUN = "evals.work_on_run"
    TRY_ENDPOINT = "evals.try_endpoint"
    RING_UNFINISHED = "evals.ring_unfinished"
    FORGET_UPLOADS = "evals.forget_uploads"


def enqueue(job: Job, row_id: int, *, pool: str = "default") -> None:
    """Ring for `job` in `pool` once the current transaction commits.

    A broker that is away is logged, and does not fail what was committed.
    """
    bell = signature(job.value, args=(row_id,), queue=pool)
    transaction.on_commit(bell.apply_async, robust=True)
