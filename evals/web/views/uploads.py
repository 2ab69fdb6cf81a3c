"""Uploads that a worker has in hand: how far they are, and what to do with those that failed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from evals.models import Task, Upload
from evals.models.uploads import UploadState
from evals.queries import access
from evals.queries.uploadprogress import upload_progress
from evals.services.uploads import throw_away, try_again
from evals.web.auth import TeamRequest, editor_required

TO_BE_MAPPED = (UploadState.KEPT, UploadState.REFUSED)


@require_safe
@never_cache
@editor_required
def upload_progress_page(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Show how far a worker is with an upload, or go where it goes on."""
    upload = found_upload(request, task_id, upload_id)
    if url := next_url(upload):
        return redirect(url)
    page = upload_progress(upload, now=timezone.now())
    return render(request, "evals/upload_progress.html", {"page": page})


@require_safe
@never_cache
@editor_required
def upload_now(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Show the fragment that the page asks for, and have it go on where the upload does."""
    upload = found_upload(request, task_id, upload_id)
    page = upload_progress(upload, now=timezone.now())
    response = render(request, "evals/_upload_now.html", {"page": page})
    if url := next_url(upload):
        response["HX-Redirect"] = url
    return response


@require_POST
@editor_required
def upload_discard(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Throw a file away."""
    upload = found_upload(request, task_id, upload_id)
    throw_away(upload=upload)
    messages.success(request, f"{upload.name} is thrown away; no version was made of it.")
    return redirect("evals:upload", task_id)


@require_POST
@editor_required
def upload_retry(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Ask once more for what failed."""
    try_again(upload=found_upload(request, task_id, upload_id), now=timezone.now())
    return redirect("evals:upload_progress", task_id, upload_id)


def found_task(request: TeamRequest, task_id: int) -> Task:
    """Return the team's task."""
    return get_object_or_404(access.tasks_for(request.team).select_related("team"), pk=task_id)


def found_upload(request: TeamRequest, task_id: int, upload_id: UUID) -> Upload:
    """Return an upload of the team's task."""
    task = found_task(request, task_id)
    return get_object_or_404(access.uploads_for(task).select_related("task__team"), pk=upload_id)


def next_url(upload: Upload) -> str:
    """Return where an upload that no worker has in hand goes on, "" where it goes on nowhere."""
    if upload.state == UploadState.STORED:
        return reverse("evals:version", args=[upload.version_id])
    if upload.state in TO_BE_MAPPED:
        return reverse("evals:upload_map", args=[upload.task_id, upload.pk])
    return ""
