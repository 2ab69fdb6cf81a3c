"""How long answers are kept, and deleting a task for good."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evals.queries import access, figures
from evals.queries.taskcontents import task_contents
from evals.services.retention import evaluations_past, set_retention
from evals.services.taskdeletion import TaskDeletionError, delete_task
from evals.web.auth import TeamRequest, admin_required, member_required
from evals.web.forms.taskdeletion import TaskDeletionForm
from evals.web.forms.team import RetentionForm
from evals.web.pages import form_page, posted


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def team_data(request: TeamRequest) -> HttpResponse:
    """Say for how long answers are kept; an admin sets it."""
    if request.method == "POST" and not access.may_decide(request.membership):
        raise Http404
    days = request.team.retention_days
    form = RetentionForm(posted(request), initial={"days": days})
    if form.is_valid():
        wanted = form.cleaned_data["days"]
        if set_retention(team=request.team, days=wanted, user=request.user):
            messages.success(request, _promise(request, wanted))
        return redirect("evals:team_data")
    return form_page(request, "evals/team_data.html", form, days)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def task_delete(request: TeamRequest, task_id: int) -> HttpResponse:
    """Say what would be lost with a task, and delete it once its name is typed."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    form = TaskDeletionForm(posted(request), task=task)
    if form.is_valid():
        try:
            lost = delete_task(task=task, user=request.user)
        except TaskDeletionError as error:
            form.add_error(None, f"Nothing was deleted: {error}.")
        else:
            messages.success(request, f"{lost.name} is deleted with all it had.")
            return redirect("evals:tasks")
    return form_page(request, "evals/task_delete.html", form, task_contents(task))


def _promise(request: TeamRequest, days: int | None) -> str:
    if days is None:
        return "Answers are kept for ever."
    due = evaluations_past(request.team, days=days, now=timezone.now()).count()
    return (
        f"Answers are kept for {figures.plural(days, 'day')}."
        f" {figures.plural(due, 'evaluation')} ended longer ago: the next daily run deletes theirs."
    )
