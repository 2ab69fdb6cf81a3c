"""“What if the open model answers first?”: replays of an evaluation's stored trials."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from evals.domain.cascadesignals import SignalError
from evals.models import CascadeReplay, Evaluation
from evals.models.facts import ReplayState
from evals.queries import access
from evals.queries.cascadedocuments import replay_document
from evals.queries.cascadelists import cascades_page
from evals.queries.cascadepages import CascadePage, cascade_page
from evals.queries.outcomes import load_results
from evals.reports.charts.cascades import cascade_chart
from evals.reports.charts.chart import Chart
from evals.services.cascades import start_replay
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.cascades import CascadeForm
from evals.web.pages import form_page


@require_safe
@member_required
def cascades(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Show the replays of an evaluation, and the form for another one."""
    page = cascades_page(load_results(_evaluation(request, evaluation_id)))
    return form_page(request, "evals/cascades.html", CascadeForm(None, page=page), page)


@require_POST
@editor_required
def cascade_new(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Have a cascade replayed; what cannot be is said beside the field."""
    evaluation = _evaluation(request, evaluation_id)
    page = cascades_page(load_results(evaluation))
    form = CascadeForm(request.POST, page=page)
    if form.is_valid():
        runs = evaluation.runs.select_related("candidate").in_bulk()
        try:
            replay = start_replay(
                evaluation=evaluation,
                first=runs[form.cleaned_data["first"]],
                second=runs[form.cleaned_data["second"]],
                signal=form.chosen,
                user=request.user,
            )
        except SignalError as error:
            form.add_error(error.field, str(error))
        else:
            return redirect("evals:cascade", replay.pk)
    return form_page(request, "evals/cascades.html", form, page)


@require_safe
@never_cache
@member_required
def cascade(request: TeamRequest, cascade_id: int) -> HttpResponse:
    """Show what a replay found."""
    page = cascade_page(_replay(request, cascade_id))
    shown = {"page": page, "chart": _chart(page)}
    return render(request, "evals/cascade.html", shown)


@require_safe
@never_cache
@member_required
def cascade_found(request: TeamRequest, cascade_id: int) -> HttpResponse:
    """Show the fragment that the page asks for until the replay is computed."""
    page = cascade_page(_replay(request, cascade_id))
    shown = {"page": page, "chart": _chart(page)}
    return render(request, "evals/_cascade_found.html", shown)


@require_safe
@member_required
def cascade_file(request: TeamRequest, cascade_id: int) -> HttpResponse:
    """Give what a replay found as JSON, with its whole curve."""
    replay = _replay(request, cascade_id)
    if replay.state != ReplayState.COMPLETED:
        raise Http404
    return JsonResponse(
        replay_document(replay.result),
        json_dumps_params={"indent": 2, "ensure_ascii": False, "allow_nan": False},
        headers={"Content-Disposition": f'attachment; filename="cascade-{replay.pk}.json"'},
    )


def _chart(page: CascadePage) -> Chart | None:
    return cascade_chart(page.findings.curve) if page.findings else None


def _evaluation(request: TeamRequest, evaluation_id: int) -> Evaluation:
    found = access.evaluations_for(request.team).select_related("task__team", "version")
    return get_object_or_404(found, pk=evaluation_id)


def _replay(request: TeamRequest, cascade_id: int) -> CascadeReplay:
    found = access.cascades_for(request.team).select_related(
        "evaluation__task", "first__candidate", "second__candidate", "created_by"
    )
    return get_object_or_404(found, pk=cascade_id)
