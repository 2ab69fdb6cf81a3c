"""Scenarios: a shock over every task at once, and the team's own ones."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.domain.problems import InputError
from evals.queries import access
from evals.queries.scenarios import deleted_scenario, scenario_page
from evals.queries.shockchoices import OWN, choose, own_choice, shock_choices
from evals.services import scenarios as services
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.problems import add_input_problems
from evals.web.forms.scenarios import ScenarioForm
from evals.web.pages import form_page, posted
from evals.web.parameters import row_number
from evals.web.undo import done


@require_safe
@member_required
def scenarios(request: TeamRequest) -> HttpResponse:
    """Show what one shock would do to every task."""
    page = scenario_page(
        request.team,
        key=request.GET.get("shock"),
        target=request.GET.get("target"),
        today=timezone.now().date(),
        deleted=deleted_scenario(request.team, row_number(request.GET.get("deleted"))),
    )
    return render(request, "evals/scenarios.html", {"page": page})


@require_http_methods(["GET", "POST"])
@editor_required
def scenario_new(request: TeamRequest) -> HttpResponse:
    """Take a scenario of the team's own, perhaps one that begins as one of the catalogue."""
    like = choose(shock_choices(request.team), key=request.GET.get("like"), target=None).choice
    initial = ScenarioForm.initial_of("", like.shock) if like and "like" in request.GET else {}
    form = ScenarioForm(posted(request), initial=initial)
    if form.is_valid():
        try:
            made = services.create_scenario(
                team=request.team,
                name=form.cleaned_data["name"],
                shock=form.shock,
                user=request.user,
            )
            messages.success(request, "The scenario is saved.")
            return redirect(_address(made.pk))
        except InputError as error:
            add_input_problems(form, error, field="name")
    return form_page(request, "evals/scenario_edit.html", form)


@require_http_methods(["GET", "POST"])
@editor_required
def scenario_edit(request: TeamRequest, scenario_id: int) -> HttpResponse:
    """Change a scenario of the team's own."""
    found = access.scenarios_for(request.team).select_related("created_by")
    scenario = get_object_or_404(found, pk=scenario_id)
    about = own_choice(scenario)
    form = ScenarioForm(
        posted(request), initial=ScenarioForm.initial_of(scenario.name, about.shock)
    )
    if form.is_valid():
        try:
            services.change_scenario(
                scenario=scenario,
                name=form.cleaned_data["name"],
                shock=form.shock,
                user=request.user,
            )
            messages.success(request, "The scenario is saved.")
            return redirect(_address(scenario.pk))
        except InputError as error:
            add_input_problems(form, error, field="name")
    return form_page(request, "evals/scenario_edit.html", form, about)


@require_POST
@editor_required
def scenario_delete(request: TeamRequest, scenario_id: int) -> HttpResponse:
    """Delete a scenario of the team's own; the page it leads to can bring it back."""
    scenario = get_object_or_404(access.scenarios_for(request.team), pk=scenario_id)
    entry = services.delete_scenario(scenario=scenario, user=request.user)
    return redirect(reverse("evals:scenarios") + f"?deleted={entry.pk}")


@require_POST
@editor_required
def scenario_restore(request: TeamRequest, entry_id: int) -> HttpResponse:
    """Bring a deleted scenario back."""
    entry = get_object_or_404(access.deleted_scenarios_for(request.team), pk=entry_id)
    try:
        made = services.restore_scenario(entry=entry, user=request.user)
    except InputError as error:
        messages.error(request, f"It is not back: {error}.")
        return redirect("evals:scenarios")
    done(request, f"“{made.name}” is back.", "scenario_delete", made.pk)
    return redirect(_address(made.pk))


def _address(scenario_id: int) -> str:
    return reverse("evals:scenarios") + f"?shock={OWN}{scenario_id}"
