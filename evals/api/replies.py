"""Replies and refusals, all of them JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from evals.domain.problemdocuments import (
    field_problem_document,
    row_problem_document,
    spec_problem_document,
)
from evals.domain.problems import InputError
from evals.domain.specfile import SpecError
from evals.services.evalsets import RefusedRowsError

JSON = "application/json"
SIGN_IN = (
    "found no token that holds, expected the header Authorization: Bearer TOKEN; "
    "an admin of the team makes tokens on its page"
)
TOO_LARGE = "viability.file_too_large"  # the mark of the upload handler
SHOWN = 100  # problems of one request
UNKEPT = {"Cache-Control": "no-store"}


def document(value: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a document as JSON; nobody keeps a copy on the way."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return HttpResponse(text, status=status, content_type=JSON, headers=UNKEPT)


def refusal(
    status: int, detail: str, problems: Iterable[Mapping[str, Any]] = (), **more: Any
) -> HttpResponse:
    """Return why something cannot be had or done."""
    return document({"detail": detail, "problems": list(problems)[:SHOWN], **more}, status=status)


def add_refusals(api: NinjaAPI) -> None:
    """Let the API put every error that a caller can act on into JSON."""
    api.add_exception_handler(AuthenticationError, _no_token)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Http404, _not_found)
    api.add_exception_handler(ValidationError, _bad_request)
    api.add_exception_handler(SpecError, _spec_error)
    api.add_exception_handler(InputError, _input_error)
    api.add_exception_handler(RequestDataTooBig, _too_big)


def _no_token(_request: HttpRequest, _error: Any) -> HttpResponse:
    response = refusal(401, SIGN_IN)
    response["WWW-Authenticate"] = 'Bearer realm="viability"'
    return response


def _http_error(_request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(error.status_code, str(error))


def _not_found(_request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(404, str(error) or "found nothing here")


def _bad_request(request: HttpRequest, error: Any) -> HttpResponse:
    if request.META.get(TOO_LARGE):
        return file_too_large()
    problems = [
        field_problem_document(".".join(map(str, each["loc"][1:])), each["msg"])
        for each in error.errors
    ]
    return refusal(422, _counted(len(problems), "parameter", "that cannot be used"), problems)


def _spec_error(_request: HttpRequest, error: Any) -> HttpResponse:
    problems = [spec_problem_document(problem) for problem in error.problems]
    detail = f"nothing was started: {_counted(len(problems), 'problem', 'to put right')}"
    return refusal(422, detail, problems)


def _input_error(_request: HttpRequest, error: Any) -> HttpResponse:
    problems = [row_problem_document(each, file=error.file) for each in error.problems]
    if not isinstance(error, RefusedRowsError):
        return refusal(422, "nothing was stored: the input cannot be used", problems)
    rows = error.accepted + error.rejected
    detail = f"nothing was stored: {error.rejected:,} of {rows:,} rows cannot be used"
    return refusal(422, detail, problems, accepted=error.accepted, rejected=error.rejected)


def _too_big(_request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(413, str(error))


def file_too_large() -> HttpResponse:
    """Return that a file is over the limit of this instance."""
    limit = f"{settings.UPLOAD_LIMIT_BYTES / 1_000_000:,.0f} MB"
    return refusal(413, f"found a file larger than {limit}, the limit; nothing was stored")


def _counted(count: int, noun: str, end: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'} {end}"
