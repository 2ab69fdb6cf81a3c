"""A link or a token that is shown once: in the answer to the very request that made it.

No redirect, unlike elsewhere: it would have to be kept in a cookie or a table on the way.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
