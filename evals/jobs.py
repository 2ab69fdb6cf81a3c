"""Celery's door: one-line functions, ids in, nothing out, safe to run twice.

Beat reads this module too, so what takes long to import is imported by the workers alone.
"""

import mmap
from importlib import import_module
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down
from django.utils import timezone

from evals.queue import Job
from evals.services import (
    cascades,
    evaluations,
    retention,
    testbells,
    throughput,
    trialpacks,
    uploads,
    uploadstoring,
    uploadsweeps,
    versionchecks,
    versioncomparisons,
    wordindexes,
    workers,
)

# One byte that a worker shares with the processes it forks: 1 once it has been told to end.
_ending = mmap.mmap(-1, 1)
_heart = workers.Heart()


@worker_init.connect
def load_engine(**_: Any) -> None:
    """Import lm-eval before the worker forks, so that no first trial waits for it."""
    import_module("evals.services.execution")
    import_module("evals.services.trials").load_scoring()


@worker_shutting_down.connect
def end_jobs(**_: Any) -> None:
    """Tell the jobs at hand to end soon; what they leave, the next worker does."""
    _ending[0] = 1


@worker_ready.connect
def appear(sender: Any, **_: Any) -> None:
    """Show that this worker is about; its processes are forked by now."""
    worker = workers.presence(
        node=sender.hostname,
        pools=sender.app.amqp.queues.consume_from,
        processes=sender.pool.num_processes,
        now=timezone.now(),
    )
    _heart.start(worker)


@worker_shutdown.connect
def disappear(**_: Any) -> None:
    """Show this worker no more."""
    _heart.stop()


def is_ending() -> bool:
    """Return whether this worker has been told to end."""
    return bool(_ending[0])


@shared_task(name=Job.WORK_ON_RUN.value, ignore_result=True)
def work_on_run(run_id: int) -> None:
    """Evaluate what is left of a run; a second delivery finds its shards held or done."""
    from evals.services import execution  # noqa: PLC0415 - see above

    execution.work_on_run(run_id, should_end=is_ending)


@shared_task(name=Job.TRY_ENDPOINT.value, ignore_result=True)
def try_endpoint(test_id: int) -> None:
    """Ask an endpoint one thing and store what came back."""
    from evals.services import connection_tests  # noqa: PLC0415 - see above

    connection_tests.carry_out(test_id, now=timezone.now())


@shared_task(name=Job.MEASURE_THROUGHPUT.value, ignore_result=True)
def measure_throughput(test_id: int) -> None:
    """Load an endpoint level by level; a second delivery finds the test begun."""
    from evals.services import throughputruns  # noqa: PLC0415 - see above

    throughputruns.carry_out(test_id, should_end=is_ending)


@shared_task(name=Job.RING_UNFINISHED.value, ignore_result=True)
def ring_unfinished() -> None:
    """Ring again for live runs that nobody works on, and for whatever else nobody heard of."""
    evaluations.ring_unfinished(now=timezone.now())
    testbells.ring_for_tests(now=timezone.now())
    cascades.ring_for_replays(now=timezone.now())
    throughput.ring_for_throughput(now=timezone.now())
    wordindexes.ring_for_words(now=timezone.now())
    uploads.ring_for_uploads(now=timezone.now())
    versionchecks.ring_for_checks(now=timezone.now())
    versioncomparisons.ring_for_comparisons(now=timezone.now())
    trialpacks.ring_for_packs(now=timezone.now())


@shared_task(name=Job.FORGET_UPLOADS.value, ignore_result=True)
def forget_uploads() -> None:
    """Delete files that were uploaded and never became a version."""
    uploadsweeps.forget_uploads(now=timezone.now())


@shared_task(name=Job.STORE_UPLOAD.value, ignore_result=True)
def store_upload(upload_id: str) -> None:
    """Make a version from a large file; a second delivery finds it held or stored."""
    uploadstoring.carry_out(upload_id, now=timezone.now(), should_end=is_ending)


@shared_task(name=Job.FETCH_DATASET.value, ignore_result=True)
def fetch_dataset(upload_id: str) -> None:
    """Fetch a set of the hub into a kept file; a second delivery finds it held or there."""
    from evals.services import uploadfetching  # noqa: PLC0415 - see above

    uploadfetching.carry_out(upload_id, now=timezone.now(), should_end=is_ending)


@shared_task(name=Job.CHECK_VERSION.value, ignore_result=True)
def check_version(version_id: int) -> None:
    """Reckon what stands out in a version; a second delivery finds it reckoned."""
    versionchecks.carry_out(version_id, now=timezone.now())


@shared_task(name=Job.COMPARE_VERSIONS.value, ignore_result=True)
def compare_versions(comparison_id: int) -> None:
    """Compare two versions; a second delivery finds them compared."""
    versioncomparisons.carry_out(comparison_id, now=timezone.now())


@shared_task(name=Job.REPLAY_CASCADE.value, ignore_result=True)
def replay_cascade(replay_id: int) -> None:
    """Compute a cascade from stored trials; a second delivery finds it computed."""
    cascades.carry_out(replay_id, now=timezone.now())


@shared_task(name=Job.INDEX_WORDS.value, ignore_result=True)
def index_words(version_id: int) -> None:
    """Store the words of a version's samples; a second delivery goes on where the first is."""
    wordindexes.index_words(version_id, should_end=is_ending)


@shared_task(name=Job.PACK_TRIALS.value, ignore_result=True)
def pack_trials(run_id: int) -> None:
    """Keep the figures of an ended run's trials in one place; a second delivery finds them."""
    trialpacks.pack_trials(run_id, now=timezone.now())


@shared_task(name=Job.SYNC_PRICES.value, ignore_result=True)
def sync_prices() -> None:
    """Store the public prices where they are of another edition, and note what has changed."""
    from evals.services import pricesync  # noqa: PLC0415 - see above

    pricesync.sync_prices(now=timezone.now())


@shared_task(name=Job.DELETE_OLD_ANSWERS.value, ignore_result=True)
def delete_old_answers() -> None:
    """Delete what models said longer ago than their team keeps it; a second run finds none."""
    retention.delete_old_answers(now=timezone.now())
