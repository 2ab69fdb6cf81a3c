"""A spec as a request brings it: a YAML or JSON body, or a form with the files beside it."""

from collections.abc import Sequence
from typing import BinaryIO, cast

from django.utils import timezone

from evals.api.auth import ApiRequest
from evals.domain.jsonspecs import yaml_of_json
from evals.domain.specfile import SpecError, SpecProblem
from evals.services.remotespecs import FILE, SentSpec

FORM = "multipart/form-data"


def sent_spec(request: ApiRequest, *, hosts: Sequence[str], ask_again: bool) -> SentSpec:
    """Return what was sent.

    Raises:
        SpecError: If there is no text, or none that can be read.
    """
    is_form = request.content_type == FORM
    files = {file.name or "": file for file in request.FILES.getlist("files")} if is_form else {}
    return SentSpec(
        text=_yaml(request, _form_text(request) if is_form else request.body),
        team=request.auth.team,
        user=request.auth.created_by,
        now=timezone.now(),
        files={name: cast("BinaryIO", file) for name, file in files.items()},
        hosts=hosts,
        ask_again=ask_again,
    )


def _form_text(request: ApiRequest) -> bytes:
    if file := request.FILES.get("spec"):
        content: bytes = file.read()
        return content
    return request.POST.get("spec", "").encode()


def _yaml(request: ApiRequest, body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"found bytes that are no UTF-8 at {error.start}, expected text in UTF-8"
        raise SpecError([SpecProblem(file=FILE, message=message)]) from None
    if request.content_type == "application/json":
        return yaml_of_json(text, file=FILE)
    return text
