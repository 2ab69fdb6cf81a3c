"""Eval sets: a file in, its columns mapped, a version out."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError
from evals.models import EvalSetVersion, Task, Upload
from evals.queries.uploads import chosen_mapping, first_rows_of, rejected_rows
from evals.services import evalsets, uploads, versionchecks
from evals.web.auth import TeamRequest, editor_required
from evals.web.csvlines import csv_lines
from evals.web.forms.evalsets import MappingForm, UploadForm
from evals.web.forms.hubsets import HubForm
from evals.web.pages import posted, sent_files
from evals.web.uploading import was_too_large
from evals.web.uploadpages import kept_refusal, map_page, missing_page, refusal, upload_page
from evals.web.views.uploads import TO_BE_MAPPED, found_task, found_upload


@require_http_methods(["GET", "POST"])
@editor_required
def upload(request: TeamRequest, task_id: int) -> HttpResponse:
    """Take a file and keep it until its columns are mapped."""
    task = found_task(request, task_id)
    too_large = was_too_large(request)
    form = UploadForm(posted(request), sent_files(request), too_large=too_large)
    if form.is_valid():
        file = form.cleaned_data["file"]
        kept = evalsets.keep_upload(
            task=task, user=request.user, name=file.name, file=file, size=file.size
        )
        return redirect("evals:upload_map", task.pk, kept.pk)
    return _upload_page(request, task, form, HubForm())


@require_http_methods(["GET", "POST"])
@editor_required
def upload_hub(request: TeamRequest, task_id: int) -> HttpResponse:
    """Have a set of the hub fetched, whose columns are mapped then like those of a file."""
    task = found_task(request, task_id)
    form = HubForm(posted(request))
    if form.is_valid():
        kept = uploads.ask_to_fetch(
            task=task, source=form.source, user=request.user, now=timezone.now()
        )
        return redirect("evals:upload_progress", task.pk, kept.pk)
    return _upload_page(request, task, UploadForm(), form)


@require_http_methods(["GET", "POST"])
@editor_required
def upload_map(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Ask what the columns mean, show the rows that cannot be used, and make a version."""
    kept = found_upload(request, task_id, upload_id)
    if kept.state not in TO_BE_MAPPED:
        return redirect("evals:upload_progress", task_id, upload_id)
    try:
        return _mapped(request, kept)
    except FileNotFoundError:
        return _missing(request, kept)


def _mapped(request: TeamRequest, kept: Upload) -> HttpResponse:
    top = first_rows_of(kept)
    chosen = chosen_mapping(kept)
    form = MappingForm(posted(request), columns=top.columns, guess=chosen or top.guess)
    refused = None if form.is_bound else kept_refusal(kept, chosen)
    if form.is_valid():
        chosen = form.mapping
        try:
            return _stored(request, kept, chosen)
        except InputError as error:
            refused = refusal(error, chosen)
    page = map_page(kept, top, form, refused, chosen)
    status = 422 if (refused and form.is_bound) or form.errors else 200
    return render(request, "evals/upload_map.html", {"page": page}, status=status)


@require_safe
@editor_required
def upload_rejected(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Download the rows that a mapping cannot use, with the reasons."""
    kept = found_upload(request, task_id, upload_id)
    if kept.state not in TO_BE_MAPPED:
        raise Http404
    try:
        top = first_rows_of(kept)
    except FileNotFoundError:
        return _missing(request, kept)
    form = MappingForm(request.GET, columns=top.columns, guess=None)
    if not form.is_valid():
        raise Http404
    response = StreamingHttpResponse(
        csv_lines(rejected_rows(kept, form.mapping)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="rejected-rows.csv"'
    return response  # type: ignore[return-value]


def _missing(request: TeamRequest, kept: Upload) -> HttpResponse:
    page = missing_page(kept)
    return render(request, "evals/upload_missing.html", {"page": page}, status=410)


def _upload_page(request: TeamRequest, task: Task, form: UploadForm, hub: HubForm) -> HttpResponse:
    page = upload_page(task, form, hub)
    status = 422 if form.errors or hub.errors else 200
    return render(request, "evals/upload.html", {"page": page}, status=status)


def _stored(request: TeamRequest, kept: Upload, mapping: Mapping) -> HttpResponse:
    task, accept = kept.task, "accept" in request.POST
    if task is None:
        raise Http404
    now = timezone.now()
    if uploads.is_large(kept):
        uploads.ask_to_store(
            upload=kept, mapping=mapping, user=request.user, accept_valid=accept, now=now
        )
        return redirect("evals:upload_progress", task.pk, kept.pk)
    made = evalsets.version_from_upload(
        task=task, upload=kept, mapping=mapping, user=request.user, accept_valid=accept
    )
    versionchecks.ask_for_check(version=made, now=now)
    messages.success(request, _stored_words(made, kept))
    return redirect("evals:version", made.pk)


def _stored_words(made: EvalSetVersion, kept: Upload) -> str:
    if made.created_at < kept.created_at:
        return f"This is what v{made.number} holds already, so nothing was stored anew."
    refused = f" {made.rejected_count:,} rows were left out." if made.rejected_count else ""
    return f"{made.sample_count:,} samples are stored as v{made.number}.{refused}"
