"""Finding by name: a page, and for the palette its dialog and what is in it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evals.queries.access import may_write
from evals.queries.finding import FindPage, find_page
from evals.web.auth import TeamRequest, member_required

IN_PALETTE, ON_PAGE = 6, 50


@require_safe
@member_required
def find(request: TeamRequest) -> HttpResponse:
    """Show what is called so."""
    return render(request, "evals/find.html", {"page": _found(request, ON_PAGE)})


@require_safe
@member_required
def palette(request: TeamRequest) -> HttpResponse:
    """Show the dialog that looks while one types."""
    return render(request, "evals/_palette.html", {"page": _found(request, IN_PALETTE)})


@require_safe
@member_required
def found(request: TeamRequest) -> HttpResponse:
    """Show what the dialog lists."""
    return render(request, "evals/_palette_found.html", {"page": _found(request, IN_PALETTE)})


def _found(request: TeamRequest, limit: int) -> FindPage:
    return find_page(
        request.team,
        request.GET.get("q", ""),
        may_write=may_write(request.membership),
        limit=limit,
    )
