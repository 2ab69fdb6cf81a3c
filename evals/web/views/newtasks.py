"""Making a task, and changing its facts."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from evals.domain.problems import InputError
from evals.queries import access
from evals.queries.preparation import preparation
from evals.services import tasks
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.problems import add_input_problems
from evals.web.forms.tasks import TaskForm
from evals.web.pages import form_page, posted
from evals.web.steps import steps


@require_http_methods(["GET", "POST"])
@editor_required
def task_new(request: TeamRequest) -> HttpResponse:
    """Take the facts of a new task and lead on to its eval set."""
    form = TaskForm(posted(request))
    if form.is_valid():
        try:
            task = tasks.create_task(
                team=request.team,
                spec=form.spec,
                user=request.user,
                switch_days=form.cleaned_data["switch_days"],
            )
            return redirect("evals:upload", task.pk)
        except InputError as error:
            add_input_problems(form, error, field="name")
    return form_page(request, "evals/task_new.html", form, steps=steps("task"))


@require_http_methods(["GET", "POST"])
@editor_required
def task_edit(request: TeamRequest, task_id: int) -> HttpResponse:
    """Change the facts of a task; what was evaluated keeps those that it had then."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    form = TaskForm(posted(request), initial=TaskForm.initial_of(task))
    if form.is_valid():
        try:
            tasks.change_task(
                task=task,
                spec=form.spec,
                switch_days=form.cleaned_data["switch_days"],
                user=request.user,
            )
            messages.success(request, "The facts are saved.")
            return redirect("evals:task", task.pk)
        except InputError as error:
            add_input_problems(form, error, field="name")
    so_far = preparation(task)
    return form_page(request, "evals/task_edit.html", form, so_far, steps("task", so_far))
