"""The first page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries.portfolio import portfolio_page
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def portfolio(request: TeamRequest) -> HttpResponse:
    """Show every task against every candidate."""
    page = portfolio_page(request.team, now=timezone.now())
    return render(request, "evals/portfolio.html", {"page": page})
