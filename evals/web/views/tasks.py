"""Tasks: the list, and the page of one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries import access
from evals.queries.positions import INCUMBENT
from evals.queries.tasklists import tasks_page
from evals.queries.tasks import task_page
from evals.queries.tradeoffs import axis_named
from evals.queries.volumecurves import volume_curves
from evals.reports.charts.tradeoffs import trade_off_chart
from evals.reports.charts.volumes import volume_chart
from evals.web.auth import TeamRequest, member_required


@require_safe
@member_required
def tasks(request: TeamRequest) -> HttpResponse:
    """Show every task with what was found for it."""
    return render(
        request, "evals/tasks.html", {"page": tasks_page(request.team, now=timezone.now())}
    )


@require_safe
@member_required
def task(request: TeamRequest, task_id: int) -> HttpResponse:
    """Show one task: the answer first, then what it rests on."""
    found = access.tasks_for(request.team).select_related("team", *INCUMBENT)
    axis = axis_named(request.GET.get("x"))
    page = task_page(get_object_or_404(found, pk=task_id), now=timezone.now(), axis=axis)
    chart = trade_off_chart(page.answer.trade_off.found) if page.answer else None
    volumes = volume_curves(page.answer.costs) if page.answer else ()
    shown = {"page": page, "chart": chart, "volumes": [volume_chart(each) for each in volumes]}
    return render(request, "evals/task.html", shown)
