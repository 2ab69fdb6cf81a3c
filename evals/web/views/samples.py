"""The samples of a run, and one of them in a drawer beside the others."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.models import Run
from evals.queries import access
from evals.queries.samples import run_page
from evals.queries.trialdownloads import shown_documents
from evals.reports.trialfiles import document_csv, document_lines
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def run(request: TeamRequest, run_id: int) -> HttpResponse:
    """Show a run's trials."""
    found = _found(request, run_id)
    page = run_page(found, request.GET.dict(), team=request.team, now=timezone.now())
    return render(request, "evals/run.html", {"page": page})


@require_safe
@member_required
def trial(request: TeamRequest, run_id: int, trial_id: int) -> HttpResponse:
    """Show the same with one trial open."""
    trials = access.trials_for(request.team).select_related("sample").filter(run=run_id)
    opened = get_object_or_404(trials, pk=trial_id)
    found, parameters = _found(request, run_id), request.GET.dict()
    page = run_page(found, parameters, team=request.team, now=timezone.now(), trial=opened)
    return render(request, "evals/run.html", {"page": page})


@require_safe
@member_required
def trials_csv(request: TeamRequest, run_id: int) -> StreamingHttpResponse:
    """Give the trials that the page shows, all pages of them, for a spreadsheet."""
    return _download(request, run_id, "csv")


@require_safe
@member_required
def trials_jsonl(request: TeamRequest, run_id: int) -> StreamingHttpResponse:
    """Give the same as one value in each line."""
    return _download(request, run_id, "jsonl")


def _download(request: TeamRequest, run_id: int, ending: str) -> StreamingHttpResponse:
    documents = shown_documents(_found(request, run_id), request.GET.dict())
    is_csv = ending == "csv"
    return StreamingHttpResponse(
        document_csv(documents) if is_csv else document_lines(documents),
        content_type="text/csv; charset=utf-8" if is_csv else "application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="run-{run_id}.{ending}"'},
    )


def _found(request: TeamRequest, run_id: int) -> Run:
    found = access.runs_for(request.team).select_related(
        "evaluation__task", "evaluation__version__word_index"
    )
    return get_object_or_404(found, pk=run_id)
