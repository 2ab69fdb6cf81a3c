"""The quality bar: scorers and criteria, written down before results are seen."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from evals.queries import access
from evals.queries.bars import bar_page
from evals.services import tasks
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.bars import BarForm
from evals.web.pages import form_page, posted
from evals.web.steps import steps


@require_http_methods(["GET", "POST"])
@editor_required
def bar_edit(request: TeamRequest, task_id: int) -> HttpResponse:
    """Write the next version of a task's bar, and of its scorers."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    page = bar_page(task)
    form = BarForm(
        posted(request), criteria=page.criteria, scorers=page.scorers, slices=page.slices
    )
    if request.method == "POST" and form.is_valid() and form.spec:
        bar = tasks.save_standard(
            task=task, scorers=form.spec.scorers, criteria=form.spec.bar, user=request.user
        )
        messages.success(request, _saved_words(bar.number))
        next_page = "task" if page.preparation.has_candidates else "candidate_new"
        return redirect(f"evals:{next_page}", task.pk)
    return form_page(request, "evals/bar_edit.html", form, page, steps("bar", page.preparation))


def _saved_words(number: int) -> str:
    words = f"Bar v{number} holds from now on. Evaluations keep the bar they were started with."
    back = f" To go back, save the lines of v{number - 1} again: they stay listed under Versions."
    return words + (back if number > 1 else "")
