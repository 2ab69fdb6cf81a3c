"""Evaluations: read, started by a spec, and told to stop, pause, resume, cancel or retry."""

from typing import Annotated, Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Router
from ninja.errors import HttpError
from ninja.params.functions import Query

from evals.api.auth import ApiRequest, check_may_write, found_or_404
from evals.api.documents import RESULT_EXAMPLE, SPEC_BODY, example, file_reply, replies
from evals.api.replies import JSON, TOO_LARGE, UNKEPT, document, file_too_large
from evals.api.schemas import Done, EvaluationDocument, Evaluations, RetryIn, Started
from evals.api.sentspecs import sent_spec
from evals.models import Evaluation
from evals.queries import access
from evals.queries.evaluationdocuments import evaluations_document
from evals.queries.results import evaluation_document
from evals.queries.retries import can_retry, retry_page
from evals.queries.specs import frozen_spec
from evals.queries.trials import trial_documents
from evals.reports.resultfiles import result_text, sample_lines
from evals.services.control import cancel_evaluation, pause_evaluation
from evals.services.evaluations import resume_evaluation, stop_evaluation
from evals.services.remotespecs import begin_sent
from evals.services.retries import FAILED, retry_failed

router = Router(tags=["Evaluations"])
NEW_HOST = "A host that may see the team's inputs for the first time; repeatable."
LINES = "application/x-ndjson"
TOLD = replies(Done, 403, 404)


@router.get("/evaluations", response=replies(Evaluations, 404, 422), summary="Evaluations")
def evaluations(
    request: ApiRequest,
    task: int | None = Query(None, description="Only those of this task."),
    before: int | None = Query(None, ge=1, lt=2**63, description="The `next` of a page."),
) -> HttpResponse:
    """Return a page of evaluations, the newest first, each with how far it is or its verdicts."""
    team = request.auth.team
    row = None if task is None else found_or_404(access.tasks_for(team), task, "task")
    return document(evaluations_document(team, task=row, before=before, now=timezone.now()))


@router.get(
    "/evaluations/{int:evaluation_id}",
    response=replies(EvaluationDocument, 404),
    openapi_extra=example(RESULT_EXAMPLE),
    summary="The result file of an evaluation",
)
def evaluation(request: ApiRequest, evaluation_id: int) -> HttpResponse:
    """Return the result file: verdicts where it has ended, what is counted so far where not."""
    found = _found(request, evaluation_id)
    text = result_text(evaluation_document(found, frozen_spec(found)))
    return HttpResponse(text, content_type=JSON, headers=UNKEPT)


@router.get(
    "/evaluations/{int:evaluation_id}/samples.jsonl",
    response=replies(None, 404),
    openapi_extra=file_reply(LINES),
    summary="Every trial of an evaluation",
)
def samples(request: ApiRequest, evaluation_id: int) -> StreamingHttpResponse:
    """Return one line of JSON for each trial, as they are read: by candidate, row and epoch."""
    lines = sample_lines(trial_documents(_found(request, evaluation_id)))
    return StreamingHttpResponse(lines, content_type=LINES, headers=UNKEPT)


@router.post(
    "/evaluations",
    response=replies(Started, 403, 413, 422, status=201),
    openapi_extra=SPEC_BODY,
    summary="Start an evaluation from a spec",
)
def start(
    request: ApiRequest,
    *,
    allow_host: Annotated[list[str], Query(default_factory=list, description=NEW_HOST)],
    ask_again: bool = Query(default=False, description="Ask even what is stored."),
) -> HttpResponse:
    """Store what the spec names, task and candidates included, and start; all of it or nothing.

    The spec is the spec file's, as YAML or JSON, with the files it names beside it or sent before.
    Keys are stored ones, by `secret`; it reads no environment and no local file, passes lm-eval no
    arguments and trusts no remote code; addresses of a private network need an admin's setting.
    """
    check_may_write(request)
    sent = sent_spec(request, hosts=allow_host, ask_again=ask_again)
    if request.META.get(TOO_LARGE):
        return file_too_large()
    return started(begin_sent(sent=sent))


@router.post("/evaluations/{int:evaluation_id}/stop", response=TOLD, summary="Stop")
def stop(request: ApiRequest, evaluation_id: int) -> HttpResponse:
    """Ask nothing more; what is in flight is still stored, and verdicts follow from what is."""
    found, user = _own(request, evaluation_id), request.auth.created_by
    return _told(found, stop_evaluation(evaluation=found, user=user, now=timezone.now()))


@router.post("/evaluations/{int:evaluation_id}/pause", response=TOLD, summary="Pause")
def pause(request: ApiRequest, evaluation_id: int) -> HttpResponse:
    """Ask nothing more until somebody resumes."""
    found = _own(request, evaluation_id)
    return _told(found, pause_evaluation(evaluation=found, user=request.auth.created_by))


@router.post("/evaluations/{int:evaluation_id}/resume", response=TOLD, summary="Resume")
def resume(request: ApiRequest, evaluation_id: int) -> HttpResponse:
    """Go on with the runs that are paused."""
    found = _own(request, evaluation_id)
    return _told(found, resume_evaluation(evaluation=found, user=request.auth.created_by))


@router.post("/evaluations/{int:evaluation_id}/cancel", response=TOLD, summary="Cancel")
def cancel(request: ApiRequest, evaluation_id: int) -> HttpResponse:
    """End it without a verdict; what is stored stays."""
    found, user = _own(request, evaluation_id), request.auth.created_by
    return _told(found, cancel_evaluation(evaluation=found, user=user, now=timezone.now()))


@router.post(
    "/evaluations/{int:evaluation_id}/retry",
    response=replies(Done, 403, 404, 409, 422),
    summary="Ask again what failed",
)
def retry(request: ApiRequest, evaluation_id: int, failures: RetryIn) -> HttpResponse:
    """Ask again the trials that ended in one of the states; a closed one begins another."""
    found = _own(request, evaluation_id)
    if not can_retry(found, failed=len(retry_page(found).choices)):
        raise HttpError(409, "found nothing that failed and may be asked again from here")
    chosen = [state for state in FAILED if state.value in failures.states]
    user, now = request.auth.created_by, timezone.now()
    asking = retry_failed(evaluation=found, states=chosen, user=user, now=now)
    return _told(asking or found, asking)


def started(made: Evaluation) -> HttpResponse:
    """Return what was started and where it is."""
    told = _place(made)
    response = document(told, status=201)
    response["Location"] = told["url"]
    return response


def _told(found: Evaluation, changed: object) -> HttpResponse:
    found.refresh_from_db(fields=["state"])
    return document({**_place(found), "changed": bool(changed)})


def _place(made: Evaluation) -> dict[str, Any]:
    return {
        "id": made.pk,
        "number": made.number,
        "task_id": made.task_id,
        "state": made.state,
        "url": reverse("api-1:evaluation", args=[made.pk]),
        "page": reverse("evals:evaluation", args=[made.pk]),
    }


def _own(request: ApiRequest, evaluation_id: int) -> Evaluation:
    check_may_write(request)
    return _found(request, evaluation_id)


def _found(request: ApiRequest, evaluation_id: int) -> Evaluation:
    found = access.evaluations_for(request.auth.team).select_related("task__team", "version")
    row: Evaluation = found_or_404(found, evaluation_id, "evaluation")
    return row
