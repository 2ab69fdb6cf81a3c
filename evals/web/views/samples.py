"""The samples of a run, and one of them in a drawer beside the others."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.models import Run
from evals.queries import access
from evals.queries.samples import run_page
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def run(request: TeamRequest, run_id: int) -> HttpResponse:
    """Show a run's trials."""
    page = run_page(_found(request, run_id), request.GET.dict(), now=timezone.now())
    return render(request, "evals/run.html", {"page": page})


@require_safe
@member_required
def trial(request: TeamRequest, run_id: int, trial_id: int) -> HttpResponse:
    """Show the same with one trial open."""
    trials = access.trials_for(request.team).select_related("sample").filter(run=run_id)
    opened = get_object_or_404(trials, pk=trial_id)
    page = run_page(_found(request, run_id), request.GET.dict(), now=timezone.now(), trial=opened)
    return render(request, "evals/run.html", {"page": page})


def _found(request: TeamRequest, run_id: int) -> Run:
    found = access.runs_for(request.team).select_related("evaluation__task", "evaluation__version")
    return get_object_or_404(found, pk=run_id)
