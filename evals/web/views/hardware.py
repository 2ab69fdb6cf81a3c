"""Hardware and what an hour of it costs: the list, one row, and a team's changes to it."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.domain.hardware import Hardware
from evals.domain.problems import InputError
from evals.models import TeamHardware
from evals.queries.hardware import hardware_for
from evals.queries.hardwarepages import hardware_page
from evals.queries.hardwareversions import hardware_row_page
from evals.services import hardware as services
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.hardware import HardwareForm
from evals.web.forms.problems import add_input_problems
from evals.web.pages import form_page, posted
from evals.web.parameters import row_number


@require_safe
@member_required
def hardware(request: TeamRequest) -> HttpResponse:
    """Show the catalogue as the team has it, or what of it a search finds."""
    page = hardware_page(request.team, search=request.GET.get("q", "")[:100])
    return render(request, "evals/hardware.html", {"page": page})


@require_safe
@member_required
def hardware_row(request: TeamRequest, key: str) -> HttpResponse:
    """Show one row with its sources and what it was before."""
    page = hardware_row_page(request.team, key)
    if page is None:
        raise Http404
    return render(request, "evals/hardware_row.html", {"page": page})


@require_http_methods(["GET", "POST"])
@editor_required
def hardware_new(request: TeamRequest) -> HttpResponse:
    """Take a row of the team's own."""
    form = HardwareForm(posted(request), today=timezone.localdate())
    if form.is_valid():
        try:
            key = services.free_key(request.team, form.cleaned_data["name"])
            return _saved(request, replace(form.hardware, key=key))
        except InputError as error:
            add_input_problems(form, error, field="name")
    return form_page(request, "evals/hardware_form.html", form)


@require_http_methods(["GET", "POST"])
@editor_required
def hardware_edit(request: TeamRequest, key: str) -> HttpResponse:
    """Take the team's own figures for a row, which go before the catalogue's."""
    row = _found(request, key)
    form = HardwareForm(posted(request), today=timezone.localdate(), row=row)
    if form.is_valid():
        return _saved(request, replace(form.hardware, key=key))
    return form_page(request, "evals/hardware_form.html", form, row)


@require_POST
@editor_required
def hardware_remove(request: TeamRequest, key: str) -> HttpResponse:
    """Take a row off the team's list; its page offers to undo that."""
    row = _found(request, key)
    services.remove_hardware(team=request.team, hardware=row, user=request.user)
    return redirect("evals:hardware_row", key)


@require_POST
@editor_required
def hardware_restore(request: TeamRequest, key: str) -> HttpResponse:
    """Make an earlier version count again, or the catalogue's own."""
    number = row_number(request.POST.get("version"))
    mine = TeamHardware.objects.filter(team=request.team, key=key)
    version = get_object_or_404(mine, pk=number) if number else None
    try:
        services.restore_hardware(team=request.team, key=key, version=version, user=request.user)
    except InputError as error:
        raise Http404 from error
    messages.success(request, "That version counts again.")
    return redirect("evals:hardware_row", key)


def _saved(request: TeamRequest, row: Hardware) -> HttpResponse:
    services.save_hardware(team=request.team, hardware=row, user=request.user)
    messages.success(request, f"{row.name} is saved. Plans that use it follow at once.")
    return redirect("evals:hardware_row", row.key)


def _found(request: TeamRequest, key: str) -> Hardware:
    row = hardware_for(request.team.pk).get(key)
    if row is None:
        raise Http404
    return row
