"""What waits for a person: one page, and the same as a table."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries import access
from evals.queries.reviewitems import ReviewPage
from evals.queries.reviews import review_page
from evals.reports.reviewfiles import review_csv
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def review(request: TeamRequest) -> HttpResponse:
    """Show what waits in the team."""
    return render(request, "evals/review.html", {"page": _page(request)})


@require_safe
@member_required
def review_file(request: TeamRequest) -> HttpResponse:
    """Download what the page shows."""
    response = HttpResponse(review_csv(_page(request)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="review.csv"'
    return response


def _page(request: TeamRequest) -> ReviewPage:
    may_decide = access.may_decide(request.membership)
    return review_page(request.team, now=timezone.now(), may_decide=may_decide)
