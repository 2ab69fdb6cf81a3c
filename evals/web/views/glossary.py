"""The glossary: all of it on a page, and one term for whoever points at a word."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from evals.queries.glossary import glossary as groups
from evals.queries.glossary import terms
from evals.web.auth import TeamRequest, member_required

HOUR = 3600


@require_safe
@member_required
def glossary(request: TeamRequest) -> HttpResponse:
    """Show what the words mean."""
    return render(request, "evals/glossary.html", {"page": groups()})


@require_safe
@cache_control(private=True, max_age=HOUR)
@member_required
def glossary_term(request: TeamRequest, key: str) -> HttpResponse:
    """Show what one word means, as a fragment."""
    found = terms().get(key)
    if found is None:
        raise Http404
    return render(request, "evals/_term_note.html", {"page": found})
