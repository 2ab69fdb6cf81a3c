"""Saving a page with its filters for the team, and forgetting it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from evals.models import SavedView
from evals.services.savedviews import delete_view, save_view
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.savedviews import SavedViewForm
from evals.web.undo import done


@require_POST
@editor_required
def save(request: TeamRequest) -> HttpResponse:
    """Keep the address under a name."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect("evals:compare")
    named = SavedView.objects.filter(team=request.team, page=form.page)
    before = named.filter(name=form.cleaned_data["name"]).first()
    view = save_view(
        team=request.team,
        user=request.user,
        name=form.cleaned_data["name"],
        page=form.page,
        path=form.cleaned_data["path"],
    )
    words = f"Saved as “{view.name}” for the team."
    if before is None:
        done(request, words, "view_delete", view.pk)
    else:
        words += " It takes the place of the view that was called so."
        done(request, words, "view_save", name=before.name, path=before.path)
    return redirect(view.path)


@require_http_methods(["GET", "POST"])
@editor_required
def delete(request: TeamRequest, view_id: int) -> HttpResponse:
    """Ask, then forget the view."""
    views = SavedView.objects.select_related("team").filter(team=request.team)
    view = get_object_or_404(views, pk=view_id)
    if request.method == "GET":
        return render(request, "evals/saved_view_delete.html", {"page": view})
    path, name = view.path, view.name
    delete_view(view=view, user=request.user)
    words = f"“{name}” is no longer kept. Its address still works."
    done(request, words, "view_save", name=name, path=path)
    return redirect(path)
