"""Eval-set versions: what one holds, what to look out for in it, and how two differ."""

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evals.models import EvalSetVersion, VersionComparison
from evals.queries import access
from evals.queries.evalsets import version_page
from evals.queries.setfindings import version_findings
from evals.queries.versionchanges import change_lines, comparison_page
from evals.services.versioncomparisons import ask_for_comparison
from evals.web.auth import TeamRequest, member_required
from evals.web.csvlines import csv_lines
from evals.web.parameters import row_number
from evals.web.steps import steps


@require_safe
@member_required
def version(request: TeamRequest, version_id: int) -> HttpResponse:
    """Show what one version holds."""
    found = access.versions_for(request.team).select_related(
        "eval_set__task", "created_by", "check_row"
    )
    row = get_object_or_404(found, pk=version_id)
    page = version_page(row, start=row_number(request.GET.get("from")) or 0)
    shown = {"page": page, "steps": steps("eval_set", page.preparation)}
    return render(request, "evals/version.html", shown)


@require_safe
@never_cache
@member_required
def version_warnings(request: TeamRequest, version_id: int) -> HttpResponse:
    """Show the fragment that the page asks for until the version is checked."""
    found = access.versions_for(request.team).select_related("check_row")
    findings = version_findings(get_object_or_404(found, pk=version_id))
    return render(request, "evals/_version_warnings.html", {"findings": findings})


@require_safe
@member_required
def version_compare(request: TeamRequest, before_id: int, after_id: int) -> HttpResponse:
    """Show how one version became another; what nobody has compared yet is compared first."""
    page = comparison_page(
        _compared(request, before_id, after_id),
        kind=request.GET.get("show", ""),
        start=row_number(request.GET.get("from")) or 0,
    )
    return render(request, "evals/version_compare.html", {"page": page})


@require_safe
@never_cache
@member_required
def version_compare_now(request: TeamRequest, before_id: int, after_id: int) -> HttpResponse:
    """Have the page reloaded once two versions are compared."""
    response = HttpResponse(status=204)
    if _compared(request, before_id, after_id).counts is not None:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@member_required
def version_compare_csv(request: TeamRequest, before_id: int, after_id: int) -> HttpResponseBase:
    """Give every sample that is not the same in both versions."""
    lines = csv_lines(change_lines(_compared(request, before_id, after_id)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"changes-{before_id}-{after_id}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _compared(request: TeamRequest, before_id: int, after_id: int) -> VersionComparison:
    before = _version(request, before_id)
    mine = access.versions_for(request.team).filter(eval_set__task=before.eval_set.task)
    after = get_object_or_404(
        mine.exclude(pk=before_id).select_related("eval_set__task"), pk=after_id
    )
    kept = access.comparisons_for(request.team)
    found = kept.filter(before=before, after=after).first()
    found = found or ask_for_comparison(before=before, after=after, now=timezone.now())
    found.before, found.after = before, after
    return found


def _version(request: TeamRequest, version_id: int) -> EvalSetVersion:
    found = access.versions_for(request.team).select_related("eval_set__task")
    return get_object_or_404(found, pk=version_id)
