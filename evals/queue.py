"""The doorbell: which jobs there are, and ringing for one after commit. Tables hold the truth."""

import logging
from collections.abc import Callable
from enum import StrEnum

from celery import signature
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


class Job(StrEnum):
    """A job by the name that workers know; the functions are in `evals.jobs`."""

    WORK_ON_RUN = "evals.work_on_run"
    TRY_ENDPOINT = "evals.try_endpoint"
    MEASURE_THROUGHPUT = "evals.measure_throughput"
    RING_UNFINISHED = "evals.ring_unfinished"
    FORGET_UPLOADS = "evals.forget_uploads"
    REPLAY_CASCADE = "evals.replay_cascade"
    SYNC_PRICES = "evals.sync_prices"
    INDEX_WORDS = "evals.index_words"
    PACK_TRIALS = "evals.pack_trials"
    DELETE_OLD_ANSWERS = "evals.delete_old_answers"
    FETCH_DATASET = "evals.fetch_dataset"
    STORE_UPLOAD = "evals.store_upload"
    CHECK_VERSION = "evals.check_version"
    COMPARE_VERSIONS = "evals.compare_versions"


def enqueue(
    job: Job,
    row_id: int | str,
    *,
    pool: str = "default",
    if_lost: Callable[[], object] | None = None,
) -> None:
    """Ring for `job` in `pool` once the current transaction commits.

    A broker that is away is logged, and does not fail what was committed; `if_lost` is called.
    """
    bell = signature(job.value, args=(row_id,), queue=pool)

    def ring() -> None:
        try:
            bell.apply_async()
        except OperationalError as error:
            cause = type(error.__cause__ or error).__name__  # its words may hold an address
            logger.warning("bell lost job=%s row=%s cause=%s", job.value, row_id, cause)
            if if_lost is not None:
                if_lost()

    transaction.on_commit(ring, robust=True)
