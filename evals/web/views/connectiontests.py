"""“Test this endpoint”: one request by a worker, shown in full."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evals.domain.specs import EndpointKind
from evals.queries import access
from evals.queries.connectiontests import ConnectionTestPage, connection_test_page
from evals.services.candidates import start_connection_test
from evals.web.auth import TeamRequest, editor_required, member_required


@require_POST
@editor_required
def candidate_test(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Have a worker ask the candidate's endpoint one thing."""
    asked = access.candidates_for(request.team).exclude(endpoint__kind=EndpointKind.RECORDED)
    candidate = get_object_or_404(asked.select_related("endpoint", "task__team"), pk=candidate_id)
    test = start_connection_test(candidate=candidate, user=request.user)
    return redirect("evals:connection_test", test.pk)


@require_safe
@member_required
def connection_test(request: TeamRequest, test_id: int) -> HttpResponse:
    """Show what was sent and what came back."""
    return render(request, "evals/connection_test.html", {"page": _page(request, test_id)})


@require_safe
@member_required
def connection_test_result(request: TeamRequest, test_id: int) -> HttpResponse:
    """Show the fragment that the page asks for until the test is finished."""
    return render(request, "evals/_connection_test.html", {"page": _page(request, test_id)})


def _page(request: TeamRequest, test_id: int) -> ConnectionTestPage:
    tests = access.connection_tests_for(request.team)
    found = tests.select_related("candidate__endpoint", "candidate__task")
    return connection_test_page(get_object_or_404(found, pk=test_id), now=timezone.now())
