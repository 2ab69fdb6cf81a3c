"""Runs side by side: a summary, a grid, or the form that picks them."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from evals.models import Run
from evals.queries import access
from evals.queries.compare import compare_page
from evals.queries.comparechoices import compare_pick
from evals.queries.comparedownloads import grid_documents
from evals.queries.comparedruns import MOST, Refusal
from evals.queries.comparefilters import CompareFilters
from evals.reports.trialfiles import document_csv, document_lines
from evals.web.auth import TeamRequest, member_required
from evals.web.parameters import row_number

ASK = "Pick two to eight runs of one eval-set version."


@require_safe
@member_required
def compare(request: TeamRequest) -> HttpResponse:
    """Compare the runs of the address; without any, offer what can be compared."""
    if evaluation := row_number(request.GET.get("evaluation")):
        return _whole_evaluation(request, evaluation)
    filters = CompareFilters.of(dict(request.GET.lists()))
    if not filters.runs:
        return _pick(request, filters, problem="", status=200)
    page = compare_page(_runs(request, filters), filters, team=request.team)
    if isinstance(page, Refusal):
        return _pick(request, filters, problem=page.reason, status=422)
    return render(request, "evals/compare.html", {"page": page})


@require_safe
@member_required
def compare_csv(request: TeamRequest) -> StreamingHttpResponse:
    """Give every sample of the grid as it is filtered and sorted, for a spreadsheet."""
    return _download(request, "csv")


@require_safe
@member_required
def compare_jsonl(request: TeamRequest) -> StreamingHttpResponse:
    """Give the same as one value in each line."""
    return _download(request, "jsonl")


def _download(request: TeamRequest, ending: str) -> StreamingHttpResponse:
    filters = CompareFilters.of(dict(request.GET.lists()))
    documents = grid_documents(_runs(request, filters), filters)
    if isinstance(documents, Refusal):
        raise Http404
    write = document_csv if ending == "csv" else document_lines
    kind = "text/csv; charset=utf-8" if ending == "csv" else "application/x-ndjson"
    name = f'attachment; filename="comparison.{ending}"'
    return StreamingHttpResponse(
        write(documents), content_type=kind, headers={"Content-Disposition": name}
    )


def _runs(request: TeamRequest, filters: CompareFilters) -> list[Run]:
    """Return the runs in the order of the address; one that is not there is not found."""
    found = (
        access.runs_for(request.team)
        .select_related("evaluation__task", "evaluation__version")
        .in_bulk(filters.runs[: MOST + 1])
    )
    if set(found) != set(filters.runs[: MOST + 1]):
        raise Http404
    return [found[pk] for pk in filters.runs[: MOST + 1]]


def _whole_evaluation(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    found = get_object_or_404(access.evaluations_for(request.team), pk=evaluation_id)
    ids = found.runs.order_by("-is_incumbent", "position").values_list("pk", flat=True)[:MOST]
    others = request.GET.copy()
    for name in ("evaluation", "runs"):
        others.pop(name, None)
    rest = f"&{others.urlencode()}" if others else ""
    return redirect(f"{reverse('evals:compare')}?runs={','.join(map(str, ids))}{rest}")


def _pick(
    request: TeamRequest, filters: CompareFilters, *, problem: str, status: int
) -> HttpResponse:
    page = compare_pick(request.team, chosen=filters.runs, problem=problem, most=MOST)
    return render(request, "evals/compare_pick.html", {"page": page, "ask": ASK}, status=status)
