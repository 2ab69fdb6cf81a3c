"""What a list page shows, as a file: the same rows for the same address behind the "?"."""

from collections.abc import Callable, Iterable, Mapping

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries import access
from evals.queries.candidates import candidates_page
from evals.queries.endpoints import endpoints_page
from evals.queries.evaluationlists import evaluations_page
from evals.queries.models import models_page
from evals.queries.reports import reports_page
from evals.queries.tasklists import tasks_page
from evals.reports.listfiles import list_csv
from evals.web.auth import TeamRequest, member_required
from evals.web.parameters import row_number

Rows = Callable[[TeamRequest], Iterable[object]]


@require_safe
@member_required
def list_file(request: TeamRequest, name: str) -> HttpResponse:
    """Download the rows that the list of that name shows."""
    if name not in LISTS:
        raise Http404
    text = list_csv(LISTS[name](request), without=WORDS.get(name, ()))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _tasks(request: TeamRequest) -> Iterable[object]:
    return tasks_page(request.team, now=timezone.now()).rows


def _evaluations(request: TeamRequest) -> Iterable[object]:
    wanted, before = (row_number(request.GET.get(name)) for name in ("task", "before"))
    task = access.tasks_for(request.team).filter(pk=wanted).first() if wanted else None
    if wanted and task is None:
        raise Http404
    return evaluations_page(request.team, task=task, before=before, now=timezone.now()).rows


def _candidates(request: TeamRequest) -> Iterable[object]:
    task_id, archived = row_number(request.GET.get("task")), "archived" in request.GET
    return candidates_page(request.team, task_id=task_id, archived=archived).rows


def _models(request: TeamRequest) -> Iterable[object]:
    query, openness = (request.GET.get(name, "") for name in ("q", "openness"))
    page = models_page(
        request.team,
        query=query.replace("\x00", "")[:200].strip(),
        openness=openness if openness in {"open", "closed"} else "",
        today=timezone.now().date(),
    )
    return (*page.own, *page.others)


def _endpoints(request: TeamRequest) -> Iterable[object]:
    return endpoints_page(request.team)


def _reports(request: TeamRequest) -> Iterable[object]:
    wanted, task_id = request.GET.get("standing", ""), row_number(request.GET.get("task"))
    return reports_page(request.team, wanted=wanted, now=timezone.now(), task_id=task_id).rows


# What a page says in words and other columns hold as dates and numbers.
WORDS: Mapping[str, tuple[str, ...]] = {
    "tasks": ("volume", "eval_set", "bar", "answered"),
    "evaluations": ("progress", "grounds", "started", "took"),
    "reports": ("when",),
}
LISTS: Mapping[str, Rows] = {
    "tasks": _tasks,
    "evaluations": _evaluations,
    "candidates": _candidates,
    "models": _models,
    "endpoints": _endpoints,
    "reports": _reports,
}
