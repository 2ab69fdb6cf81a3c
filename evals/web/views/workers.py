"""Workers: who is about on which host, and what waits for whom."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evals.queries.workerpages import workers_page
from evals.web.auth import TeamRequest, member_required


@require_safe
@never_cache
@member_required
def workers(request: TeamRequest) -> HttpResponse:
    """Show the pools, the hosts, and what is being done on each."""
    page = workers_page(request.team, now=timezone.now())
    return render(request, "evals/workers.html", {"page": page})


@require_safe
@never_cache
@member_required
def workers_now(request: TeamRequest) -> HttpResponse:
    """Show the part that the page polls."""
    page = workers_page(request.team, now=timezone.now())
    return render(request, "evals/_workers.html", {"page": page})
