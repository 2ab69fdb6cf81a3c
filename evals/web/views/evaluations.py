"""Evaluations: the list, a live or finished one, its files."""

from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evals.domain.tradeoffs import Axis
from evals.models import Evaluation
from evals.queries import access
from evals.queries.evaluationlists import evaluations_page
from evals.queries.evaluations import EvaluationPage, evaluation_page, progress_page
from evals.queries.moresamples import with_following
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.queries.tradeoffs import axis_named
from evals.queries.trials import trial_documents
from evals.reports.charts.evaluations import EvaluationCharts
from evals.reports.resultfiles import result_text, sample_lines
from evals.web.auth import TeamRequest, member_required
from evals.web.parameters import row_number


@require_safe
@member_required
def evaluations(request: TeamRequest) -> HttpResponse:
    """Show the team's evaluations, newest first, or those of one task."""
    wanted, before = (row_number(request.GET.get(name)) for name in ("task", "before"))
    task = get_object_or_404(access.tasks_for(request.team), pk=wanted) if wanted else None
    page = evaluations_page(request.team, task=task, before=before, now=timezone.now())
    return render(request, "evals/evaluations.html", {"page": page})


@require_safe
@never_cache
@member_required
def evaluation(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Show an evaluation: how far it is, or what it found."""
    axis = axis_named(request.GET.get("x"))
    page = evaluation_page(_found(request, evaluation_id), now=timezone.now(), axis=axis)
    charts = EvaluationCharts.of(page.findings) if page.findings else None
    shown = {"page": page, "charts": charts, **_chosen(request, page, axis)}
    return render(request, "evals/evaluation.html", shown)


def _chosen(request: TeamRequest, page: EvaluationPage, axis: Axis) -> dict[str, object]:
    """Return what the address says is shown whole: all points of charts, one candidate in full."""
    has_all = request.GET.get("points") == "all"
    wanted = row_number(request.GET.get("full"))
    known = [details.run_id for details in page.findings.details] if page.findings else []
    return {
        "axis": axis.value,
        "full_id": wanted if wanted in known else next(iter(known), None),
        "figures_url": f"{reverse('evals:evaluation', args=[page.evaluation_id])}charts/",
        "has_all_points": has_all,
        "whole_url": "" if has_all else f"?x={axis.value}&points=all",
    }


@require_safe
@never_cache
@member_required
def progress(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Show the part that the live page polls; once the rest has changed too, have it reloaded."""
    page = progress_page(_found(request, evaluation_id), now=timezone.now())
    may_write = access.may_write(request.membership)
    shown = {"page": page, "may_write": may_write}
    response = render(request, "evals/_evaluation_progress.html", shown)
    if page.stage != request.GET.get("stage"):
        response["HX-Refresh"] = "true"
    return response


@require_safe
@member_required
def chart(request: TeamRequest, evaluation_id: int, key: str) -> JsonResponse:
    """Give the figure of a chart of what an evaluation found, for plotly.js."""
    axis = axis_named(request.GET.get("x"))
    page = evaluation_page(_found(request, evaluation_id), now=timezone.now(), axis=axis)
    drawn = EvaluationCharts.of(page.findings).all if page.findings else ()
    found = next((each for each in drawn if each.key == key), None)
    if found is None:
        raise Http404
    return JsonResponse(found.figure)


@require_safe
@member_required
def result(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Give the result file."""
    found = _found(request, evaluation_id)
    text = result_text(evaluation_document(found, frozen_spec(found)))
    return HttpResponse(text, content_type="application/json", headers=_download(found, "json"))


@require_safe
@member_required
def samples(request: TeamRequest, evaluation_id: int) -> StreamingHttpResponse:
    """Give every trial, one line each, as they are read."""
    found = _found(request, evaluation_id)
    return StreamingHttpResponse(
        sample_lines(trial_documents(found)),
        content_type="application/x-ndjson",
        headers=_download(found, "jsonl"),
    )


def _found(request: TeamRequest, evaluation_id: int) -> Evaluation:
    found = with_following(access.evaluations_for(request.team)).select_related(
        "task__team", "version", "bar", "scorer_set", "created_by", "extends"
    )
    return get_object_or_404(found, pk=evaluation_id)


def _download(found: Evaluation, ending: str) -> dict[str, str]:
    name = f"evaluation-{found.pk}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
