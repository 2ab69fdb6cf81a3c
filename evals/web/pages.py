"""What a page with a form shows: the form, and what it is about."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

About = TypeVar("About")


@dataclass(frozen=True, slots=True)
class FormPage(Generic[About]):
    form: BaseForm
    about: About


def form_page(
    request: HttpRequest, template: str, form: BaseForm, about: object = None
) -> HttpResponse:
    """Return the page with its form; 422 where what was sent is not right."""
    page = FormPage(form, about)
    return render(request, template, {"page": page}, status=422 if form.errors else 200)
