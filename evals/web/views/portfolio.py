"""The first page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries.portfolio import portfolio_page
from evals.reports.portfoliofiles import portfolio_csv
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def portfolio(request: TeamRequest) -> HttpResponse:
    """Show every task against every candidate, and what it costs."""
    page = portfolio_page(request.team, shock=request.GET.get("shock"), now=timezone.now())
    return render(request, "evals/portfolio.html", {"page": page})


@require_safe
@member_required
def portfolio_file(request: TeamRequest) -> HttpResponse:
    """Download what the portfolio shows."""
    page = portfolio_page(request.team, shock=request.GET.get("shock"), now=timezone.now())
    response = HttpResponse(portfolio_csv(page), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="portfolio.csv"'
    return response
