"""Starting an evaluation."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evals.domain.problems import InputError
from evals.domain.specfile import SpecError
from evals.models import Evaluation
from evals.queries import access
from evals.queries.newevaluations import (
    PlanPage,
    evaluation_choice,
    new_hosts,
    plan_page,
)
from evals.queries.preparation import preparation
from evals.services.newevaluations import begin_evaluation
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.newevaluations import EvaluationForm
from evals.web.forms.problems import add_input_problems, add_spec_problems
from evals.web.pages import form_page, posted, too_early
from evals.web.steps import steps


@require_http_methods(["GET", "POST"])
@editor_required
def evaluation_new(request: TeamRequest, task_id: int) -> HttpResponse:
    """Choose what is evaluated, see what that asks and of whom, and start it."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    choice = evaluation_choice(task, on=timezone.now().date())
    if choice is None:
        return too_early(request, preparation(task), "evaluation")
    form = EvaluationForm(posted(request), choice=choice)
    if form.is_valid() and not form.is_preview and (started := _started(request, form)):
        return redirect("evals:evaluation", started.pk)
    way = steps("evaluation", choice.preparation)
    return form_page(request, "evals/evaluation_new.html", form, _plan(form), way)


@require_POST
@editor_required
def evaluation_plan(request: TeamRequest, task_id: int) -> HttpResponse:
    """Show the fragment with what the evaluation can resolve, as the form stands now."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    choice = evaluation_choice(task, on=timezone.now().date())
    if choice is None:
        raise Http404
    form = EvaluationForm(request.POST, choice=choice)
    return render(request, "evals/_plan.html", {"page": _plan(form)})


def _plan(form: EvaluationForm) -> PlanPage:
    is_default = form.is_plan_unread  # asks for the errors, and so reads the plan
    return plan_page(form.choice, form.chosen, is_default=is_default, now=timezone.now())


def _started(request: TeamRequest, form: EvaluationForm) -> Evaluation | None:
    """Start what was chosen; None with the problems in the form."""
    try:
        return begin_evaluation(
            grounds=form.grounds(),
            incumbent=form.chosen_incumbent,
            plan=form.plan,
            user=request.user,
            new_hosts=new_hosts(form.ticked),
        )
    except SpecError as error:
        add_spec_problems(form, error, names={"scorers": "bar"})
    except InputError as error:
        add_input_problems(form, error, field="candidates")
    return None
