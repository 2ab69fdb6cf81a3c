"""A candidate's hosting plan: hardware, replicas, spare ones, and what that comes to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from evals.models import Candidate
from evals.queries import access
from evals.queries.candidates import with_parts
from evals.queries.hardware import hardware_for
from evals.queries.hostingpages import hosting_page
from evals.services.hosting import remove_hosting, save_hosting
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.hosting import HostingForm
from evals.web.pages import form_page, posted


@require_http_methods(["GET", "POST"])
@editor_required
def hosting(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Show what the plan comes to, and take another."""
    found = _found(request, candidate_id)
    about = hosting_page(found)
    rows = hardware_for(request.team.pk)
    form = HostingForm(posted(request), hardware=rows, plan=about.plan)
    if form.is_valid():
        save_hosting(candidate=found, plan=form.plan(), user=request.user)
        messages.success(request, "The hosting plan is saved. This is what it comes to.")
        return redirect("evals:candidate_hosting", found.pk)
    return form_page(request, "evals/hosting.html", form, about)


@require_POST
@editor_required
def hosting_remove(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Drop the plan; the audit log keeps its figures."""
    found = _found(request, candidate_id)
    remove_hosting(candidate=found, user=request.user)
    messages.success(
        request,
        "The hosting plan is gone. The audit log keeps its figures: type them in to go back.",
    )
    return redirect("evals:candidate", found.pk)


def _found(request: TeamRequest, candidate_id: int) -> Candidate:
    """Return an open candidate: the weights of a closed one cannot be had."""
    mine = with_parts(access.candidates_for(request.team)).filter(model__is_open=True)
    return get_object_or_404(mine, pk=candidate_id)
