"""Celery's door: one-line functions, ids in, nothing out, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from evals.queue import Job
from evals.services import connection_tests, evaluations, execution, evalsets


@shared_task(name=Job.WORK_ON_RUN.value, ignore_result=True)
def work_on_run(run_id: int) -> None:
    """Evaluate what is left of a run; a second delivery finds its shards held or done."""
    execution.work_on_run(run_id)


@shared_task(name=Job.TRY_ENDPOINT.value, ignore_result=True)
def try_endpoint(test_id: int) -> None:
    """Ask an endpoint one thing and store what came back."""
    connection_tests.carry_out(test_id, now=timezone.now())


@shared_task(name=Job.RING_UNFINISHED.value, ignore_result=True)
def ring_unfinished() -> None:
    """Ring again for every live run that nobody works on."""
    evaluations.ring_unfinished(now=timezone.now())


@shared_task(name=Job.FORGET_UPLOADS.value, ignore_result=True)
def forget_uploads() -> None:
    """Delete files that were uploaded and never became a version."""
    evalsets.forget_uploads(now=timezone.now())
