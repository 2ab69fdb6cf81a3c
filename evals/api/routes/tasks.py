"""Tasks, their eval sets, and evaluations of what they have."""

from typing import Annotated, BinaryIO, cast

from django.http import HttpResponse
from django.utils import timezone
from ninja import File, Form, Router
from ninja.files import UploadedFile

from evals.api.auth import ApiRequest, check_may_write, found_or_404
from evals.api.documents import EVALUATION_EXAMPLE, body, replies
from evals.api.replies import TOO_LARGE, document, file_too_large
from evals.api.routes.evaluations import started
from evals.api.schemas import EvaluationIn, MappingIn, Started, TaskOut, Tasks, VersionOut, Versions
from evals.models import Task
from evals.queries import access
from evals.queries.positions import INCUMBENT
from evals.queries.taskdocuments import (
    task_document,
    tasks_document,
    version_document,
    versions_document,
)
from evals.services.requestedevaluations import Wanted, begin_wanted
from evals.services.sentfiles import SentFile, version_from_file

router = Router(tags=["Tasks"])


@router.get("/tasks", response=replies(Tasks), summary="The team's tasks")
def tasks(request: ApiRequest) -> HttpResponse:
    """Return the tasks by name, each with what was found for it."""
    return document(tasks_document(request.auth.team, now=timezone.now()))


@router.get("/tasks/{int:task_id}", response=replies(TaskOut, 404), summary="One task")
def task(request: ApiRequest, task_id: int) -> HttpResponse:
    """Return a task: as a spec file would have it, and what its page shows."""
    found = access.tasks_for(request.auth.team).select_related("team", *INCUMBENT)
    row = found_or_404(found, task_id, "task")
    return document(task_document(row, now=timezone.now()))


@router.get(
    "/tasks/{int:task_id}/versions",
    response=replies(Versions, 404),
    summary="The eval-set versions of a task",
)
def versions(request: ApiRequest, task_id: int) -> HttpResponse:
    """Return the versions, the newest first."""
    return document(versions_document(_found(request, task_id)))


@router.get("/versions/{int:version_id}", response=replies(VersionOut, 404), summary="A version")
def version(request: ApiRequest, version_id: int) -> HttpResponse:
    """Return an eval-set version with its first rows."""
    rows = access.versions_for(request.auth.team).select_related(
        "eval_set__task", "created_by", "check_row"
    )
    return document(version_document(found_or_404(rows, version_id, "version")))


@router.post(
    "/tasks/{int:task_id}/eval-set",
    response=replies(VersionOut, 403, 404, 413, 422, status=201),
    summary="Upload an eval set",
)
def eval_set(
    request: ApiRequest,
    task_id: int,
    file: Annotated[UploadedFile, File(description="CSV, TSV, JSONL, JSON or Parquet")],
    columns: Annotated[MappingIn, Form()],
) -> HttpResponse:
    """Store a file's rows as the task's next version, or nothing at all.

    Rows that cannot be used are all refused, each with its line, unless `accept_valid` is true.
    The same rows again are the version that there is.
    """
    check_may_write(request)
    found = _found(request, task_id)
    if request.META.get(TOO_LARGE):
        return file_too_large()
    sent = SentFile(name=file.name or "", content=cast("BinaryIO", file))
    made = version_from_file(
        task=found,
        sent=sent,
        mapping=columns.mapping(),
        user=request.auth.created_by,
        accept_valid=columns.accept_valid,
    )
    return document(version_document(made), status=201)


@router.post(
    "/tasks/{int:task_id}/evaluations",
    response=replies(Started, 403, 404, 422, status=201),
    summary="Evaluate candidates that the task has",
    openapi_extra=body({"application/json": {"example": EVALUATION_EXAMPLE}}),
)
def evaluate(request: ApiRequest, task_id: int, wanted: EvaluationIn) -> HttpResponse:
    """Start an evaluation of a task's candidates; the same again within ten seconds is that one."""
    check_may_write(request)
    found = _found(request, task_id)
    made = begin_wanted(
        task=found,
        wanted=Wanted(
            candidates=wanted.candidates,
            plan=wanted.plan.spec(),
            version_id=wanted.version_id,
            bar=wanted.bar,
            incumbent=wanted.incumbent,
            ask_again=wanted.ask_again,
            hosts=wanted.allow_host,
        ),
        user=request.auth.created_by,
        now=timezone.now(),
    )
    return started(made)


def _found(request: ApiRequest, task_id: int) -> Task:
    found = access.tasks_for(request.auth.team).select_related("team", "incumbent")
    row: Task = found_or_404(found, task_id, "task")
    return row
