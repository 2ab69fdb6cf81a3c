"""Candidates: the list, the page of one, and how they come, change and go."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.domain.problems import InputError
from evals.models import Candidate
from evals.queries import access
from evals.queries.candidates import candidate_page, candidates_page, with_parts
from evals.queries.candidatesettings import candidate_setting
from evals.queries.preparation import preparation
from evals.services import candidates as services
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.candidateforms import chosen_endpoint, open_form, save_typed, tabs
from evals.web.pages import form_page, too_early
from evals.web.parameters import row_number
from evals.web.steps import steps
from evals.web.undo import done


@require_safe
@member_required
def candidates(request: TeamRequest) -> HttpResponse:
    """Show the candidates of all tasks, or of one; those in use, or those in the archive."""
    page = candidates_page(
        request.team,
        task_id=row_number(request.GET.get("task")),
        archived="archived" in request.GET,
    )
    return render(request, "evals/candidates.html", {"page": page})


@require_safe
@member_required
def candidate(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Show one candidate in full."""
    page = candidate_page(_found(request, candidate_id))
    return render(
        request, "evals/candidate.html", {"page": page, "steps": steps("", page.preparation)}
    )


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("endpoint_new_key")
@editor_required
def candidate_new(request: TeamRequest, task_id: int) -> HttpResponse:
    """Take a new candidate of a task, in the form of the kind that the address names."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    setting = candidate_setting(task, endpoint=chosen_endpoint(request))
    if setting is None:
        return too_early(request, preparation(task), "candidates")
    form = open_form(request, setting)
    if form.is_valid() and (saved := save_typed(request, form)):
        return redirect("evals:candidate", saved.pk)
    way = steps("candidates", setting.preparation)
    return form_page(request, "evals/candidate_new.html", form, tabs(request, setting), way)


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("endpoint_new_key")
@editor_required
def candidate_edit(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Take another version of a candidate, which puts this one into the archive."""
    edited = _found(request, candidate_id)
    setting = candidate_setting(edited.task, edited=edited)
    if setting is None or edited.archived_at:
        return redirect("evals:candidate", edited.pk)
    form = open_form(request, setting)
    if form.is_valid() and (saved := save_typed(request, form)):
        return redirect("evals:candidate", saved.pk)
    return form_page(request, "evals/candidate_edit.html", form, setting)


@require_POST
@editor_required
def candidate_archive(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Take a candidate out of the choice; its page offers to undo that."""
    archived = _found(request, candidate_id)
    services.archive_candidate(candidate=archived, user=request.user, now=timezone.now())
    return redirect("evals:candidate", archived.pk)


@require_POST
@editor_required
def candidate_restore(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Undo an archiving."""
    restored = _found(request, candidate_id)
    try:
        services.restore_candidate(candidate=restored, user=request.user)
        done(request, f"{restored.name} can be chosen again.", "candidate_archive", restored.pk)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("evals:candidate", restored.pk)


def _found(request: TeamRequest, candidate_id: int) -> Candidate:
    return get_object_or_404(with_parts(access.candidates_for(request.team)), pk=candidate_id)
