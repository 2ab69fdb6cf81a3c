"""What a page with a form shows: the form, what it is about, and the way it is a step of."""

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict

from evals.queries.preparation import Preparation
from evals.web.steps import Step, steps


@dataclass(frozen=True, slots=True)
class FormPage:
    """One value for a template, as every page has."""

    form: Any
    about: Any
    steps: tuple[Step, ...]


def form_page(
    request: HttpRequest,
    template: str,
    form: Any,
    about: Any = None,
    steps: tuple[Step, ...] = (),
) -> HttpResponse:
    """Return the page with its form; 422 where what was sent is not right."""
    page = FormPage(form, about, steps)
    return render(request, template, {"page": page}, status=422 if form.errors else 200)


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the fields that were sent, None where nothing was."""
    return request.POST if request.method == "POST" else None


def sent_files(request: HttpRequest) -> "MultiValueDict[str, UploadedFile[Any]] | None":
    """Return the files that were sent, None where nothing was."""
    return request.FILES if request.method == "POST" else None


def too_early(request: HttpRequest, so_far: Preparation, current: str) -> HttpResponse:
    """Return the page that says what has to come before this step."""
    page = FormPage(None, so_far, steps(current, so_far))
    return render(request, "evals/too_early.html", {"page": page})
