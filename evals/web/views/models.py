"""Models: what is known of them, from where, and the team's own word on it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.queries.modelpages import FoundModel, found_model, model_page
from evals.queries.models import models_page
from evals.services.modelfacts import import_release, restore_facts, save_facts
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.models import FactsForm, MotFileForm
from evals.web.pages import form_page, posted, sent_files

OPENNESS = ("open", "closed")
LONGEST_QUERY = 200


@require_safe
@member_required
def models(request: TeamRequest) -> HttpResponse:
    """Show the team's models and the catalogue's, as searched for."""
    openness = request.GET.get("openness", "")
    page = models_page(
        request.team,
        query=request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY].strip(),
        openness=openness if openness in OPENNESS else "",
        today=timezone.now().date(),
    )
    return render(request, "evals/models.html", {"page": page})


@require_safe
@member_required
def model(request: TeamRequest, key: str) -> HttpResponse:
    """Show one model in full."""
    page = model_page(_found(request, key), today=timezone.now().date())
    return render(request, "evals/model.html", {"page": page})


@require_http_methods(["GET", "POST"])
@editor_required
def model_edit(request: TeamRequest, key: str) -> HttpResponse:
    """Take the team's own facts on a model."""
    found, today = _found(request, key), timezone.now().date()
    form = FactsForm(posted(request), facts=found.facts, today=today)
    if not form.is_valid():
        return form_page(request, "evals/model_edit.html", form, model_page(found, today=today))
    source = form.cleaned_data["source_url"] or "edited here"
    if save_facts(team=request.team, facts=form.facts, source=source, user=request.user):
        messages.success(request, "Saved. Verdicts and reports that exist do not change.")
    for warning in form.warnings():
        messages.warning(request, warning)
    return redirect("evals:model", found.key)


@require_POST
@editor_required
def model_restore(request: TeamRequest, key: str) -> HttpResponse:
    """Forget the team's own facts on a model."""
    found = _found(request, key)
    identifier = found.row.identifier if found.row else found.facts.identifier
    if restore_facts(team=request.team, identifier=identifier, user=request.user):
        messages.success(
            request,
            "The team's own facts are gone. The audit log has them: type them in to go back.",
        )
    still = found_model(request.team, key)
    return redirect("evals:model", still.key) if still else redirect("evals:models")


@require_http_methods(["GET", "POST"])
@editor_required
def model_import(request: TeamRequest) -> HttpResponse:
    """Take a file of the Model Openness Tool, for the model it means or the one in the address."""
    form = MotFileForm(
        posted(request), sent_files(request), initial={"model": request.GET.get("model", "")}
    )
    if not form.is_valid():
        return form_page(request, "evals/model_import.html", form)
    chosen = form.cleaned_data["model"]
    identifier = _found(request, chosen).facts.identifier if chosen else None
    imported = import_release(
        team=request.team,
        release=form.release,
        today=timezone.now().date(),
        user=request.user,
        identifier=identifier,
    )
    messages.success(request, f"{form.release.file} was read into {imported.identifier}.")
    for warning in form.release.warnings:
        messages.warning(request, warning)
    after = found_model(request.team, imported.identifier)
    return redirect("evals:model", after.key) if after else redirect("evals:models")


def _found(request: TeamRequest, key: str) -> FoundModel:
    found = found_model(request.team, key.replace("\x00", ""))
    if found is None:
        raise Http404
    return found
