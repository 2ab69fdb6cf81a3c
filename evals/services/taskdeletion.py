"""Deleting a task with all it has; the audit log keeps what was signed for it."""

from django.db import connection, transaction
from django.db.models import QuerySet

from evals.domain.specs import EndpointKind
from evals.models import Endpoint, EvalSetVersion, Harness, HumanScore, Task, Upload, User
from evals.models.uploads import UploadState
from evals.queries.sampleranges import in_version
from evals.queries.taskcontents import TaskContents, signed_decisions, task_contents
from evals.services.audit import record
from evals.services.evalsets import forget_upload

# By hand: Django would first read every row, to find what hangs on it.
# Who packs a run's trials holds the run.
RUNS = """
SELECT count(*) FROM (
  SELECT 1 FROM evals_run AS run JOIN evals_evaluation AS evaluation
  ON run.evaluation_id = evaluation.id WHERE evaluation.task_id = %s FOR UPDATE OF run
) held
"""
TRIALS = """
DELETE FROM evals_trial USING evals_run AS run, evals_evaluation AS evaluation
WHERE evals_trial.run_id = run.id AND run.evaluation_id = evaluation.id AND evaluation.task_id = %s
"""
# Who stores words holds their index: without one nobody adds any.
WORD_INDEXES, WORDS = (
    f"""
DELETE FROM {table} USING evals_evalsetversion AS version, evals_evalset AS eval_set
WHERE {table}.version_id = version.id AND version.eval_set_id = eval_set.id
AND eval_set.task_id = %s
"""  # noqa: S608 - both names stand here
    for table in ("evals_wordindex", "evals_samplewords")
)
SAMPLES = f"DELETE FROM evals_sample WHERE {in_version()}"  # noqa: S608 - its parts are of this house


class TaskDeletionError(Exception):
    """A task that cannot be deleted now; the message says why."""


@transaction.atomic
def delete_task(*, task: Task, user: User) -> TaskContents:
    """Delete a task with its eval sets, evaluations and records; return what was lost.

    Prompts and recorded answers that only its candidates used go too; endpoints, models and keys
    are the team's and stay.

    Raises:
        TaskDeletionError: While an evaluation of it goes on, or an upload is fetched or stored.
    """
    _check_no_upload_at_work(task.uploads.all())  # who stores one holds the task for minutes
    task = Task.objects.select_for_update(of=("self",)).select_related("team").get(pk=task.pk)
    lost = task_contents(task)
    if lost.live:
        raise TaskDeletionError("an evaluation goes on: stop or cancel it first")
    uploads = task.uploads.select_for_update()
    _check_no_upload_at_work(uploads)
    used = task.candidates.values_list("endpoint_id", "harness_id")
    endpoints, harnesses = {pair[0] for pair in used}, {pair[1] for pair in used}
    record(
        team=task.team,
        user=user,
        action="task deleted",
        subject=task.name,
        evaluations=lost.evaluations,
        answers=lost.trials,
        decisions=signed_decisions(task),
    )
    for upload in uploads:
        forget_upload(upload=upload)
    _delete_large_tables(task)
    task.delete()
    Harness.objects.filter(pk__in=harnesses, candidates__isnull=True).delete()
    Endpoint.objects.filter(
        pk__in=endpoints, kind=EndpointKind.RECORDED, candidates__isnull=True
    ).delete()
    return lost


def _check_no_upload_at_work(uploads: QuerySet[Upload]) -> None:
    for upload in uploads:
        if upload.state in (UploadState.FETCHING, UploadState.STORING):
            raise TaskDeletionError(
                f"{upload.name} is {UploadState(upload.state).label}: "
                "wait for its end or throw it away first"
            )


def _delete_large_tables(task: Task) -> None:
    HumanScore.objects.filter(trial__run__evaluation__task=task).delete()
    versions = EvalSetVersion.objects.filter(eval_set__task=task)
    with connection.cursor() as cursor:
        for statement in (RUNS, TRIALS, WORD_INDEXES, WORDS):
            cursor.execute(statement, [task.pk])
        for version_id in versions.values_list("pk", flat=True):
            cursor.execute(SAMPLES, {"version": version_id})
