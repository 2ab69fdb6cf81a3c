"""A link or a token that is shown once: in the answer to the very request that made it.

No redirect, unlike elsewhere: it would have to be kept in a cookie or a table on the way. A reload
sends the form again, so each form carries a mark that is good for one success.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

SPENT_KEY = "spent_forms"
REMEMBERED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceShown:
    """What is shown, what to do with it, and the page to go back to."""

    title: str
    text: str
    secret: str
    back: str
    section: str


def once_shown(request: HttpRequest, page: OnceShown) -> HttpResponse:
    """Return the page with the secret; the view has to be one that is never cached."""
    return render(request, "evals/once_shown.html", {"page": page})


def is_spent(request: HttpRequest, mark: str) -> bool:
    """Return whether this form has made something already, so that it is a reload that asks."""
    return bool(mark) and mark in request.session.get(SPENT_KEY, [])


def spend(request: HttpRequest, mark: str) -> None:
    """Remember that the form of this mark has made what it was for."""
    spent = request.session.get(SPENT_KEY, [])
    request.session[SPENT_KEY] = [*spent, mark][-REMEMBERED:]
