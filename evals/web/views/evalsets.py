"""Eval sets: a file in, its columns mapped, a version out."""

import csv
from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError
from evals.models import EvalSetVersion, Task, Upload
from evals.queries import access
from evals.queries.evalsets import version_page
from evals.queries.preparation import preparation
from evals.queries.uploads import first_rows_of, rejected_rows
from evals.services import evalsets
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.evalsets import MappingForm, UploadForm
from evals.web.pages import form_page, posted, sent_files
from evals.web.steps import steps
from evals.web.uploading import was_too_large
from evals.web.uploadpages import MapPage, refusal


@require_http_methods(["GET", "POST"])
@editor_required
def upload(request: TeamRequest, task_id: int) -> HttpResponse:
    """Take a file and keep it until its columns are mapped."""
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    too_large = was_too_large(request)
    form = UploadForm(posted(request), sent_files(request), too_large=too_large)
    if form.is_valid():
        file = form.cleaned_data["file"]
        kept = evalsets.keep_upload(
            team=request.team, user=request.user, name=file.name, file=file, size=file.size
        )
        return redirect("evals:upload_map", task.pk, kept.pk)
    so_far = preparation(task)
    return form_page(request, "evals/upload.html", form, so_far, steps("eval_set", so_far))


@require_http_methods(["GET", "POST"])
@editor_required
def upload_map(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Ask what the columns mean, show the rows that cannot be used, and make a version."""
    task, kept = _found(request, task_id, upload_id)
    top = first_rows_of(kept)
    form = MappingForm(posted(request), columns=top.columns, guess=top.guess)
    refused = None
    if form.is_valid():
        try:
            return _stored(request, task, kept, form.mapping)
        except InputError as error:
            refused = refusal(error, form.mapping)
    so_far = preparation(task)
    page = MapPage(task.pk, task.name, kept, top, form, refused, steps("eval_set", so_far))
    status = 422 if refused or form.errors else 200
    return render(request, "evals/upload_map.html", {"page": page}, status=status)


@require_safe
@editor_required
def upload_rejected(request: TeamRequest, task_id: int, upload_id: UUID) -> HttpResponse:
    """Download the rows that a mapping cannot use, with the reasons."""
    _, kept = _found(request, task_id, upload_id)
    top = first_rows_of(kept)
    form = MappingForm(request.GET, columns=top.columns, guess=None)
    if not form.is_valid():
        raise Http404
    response = StreamingHttpResponse(_csv_lines(kept, form.mapping), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="rejected-rows.csv"'
    return response  # type: ignore[return-value]


@require_safe
@member_required
def version(request: TeamRequest, version_id: int) -> HttpResponse:
    """Show what one version holds."""
    found = access.versions_for(request.team).select_related("eval_set__task", "created_by")
    page = version_page(get_object_or_404(found, pk=version_id))
    return render(
        request,
        "evals/version.html",
        {"page": page, "steps": steps("eval_set", page.preparation)},
    )


def _found(request: TeamRequest, task_id: int, upload_id: UUID) -> tuple[Task, Upload]:
    task = get_object_or_404(access.tasks_for(request.team), pk=task_id)
    return task, get_object_or_404(access.uploads_for(request.team), pk=upload_id)


def _stored(request: TeamRequest, task: Task, kept: Upload, mapping: Mapping) -> HttpResponse:
    made = evalsets.version_from_upload(
        task=task,
        upload=kept,
        mapping=mapping,
        user=request.user,
        accept_valid="accept" in request.POST,
    )
    messages.success(request, _stored_words(made, kept))
    return redirect("evals:version", made.pk)


def _stored_words(made: EvalSetVersion, kept: Upload) -> str:
    if made.created_at < kept.created_at:
        return f"This is what v{made.number} holds already, so nothing was stored anew."
    refused = f" {made.rejected_count:,} rows were left out." if made.rejected_count else ""
    return f"{made.sample_count:,} samples are stored as v{made.number}.{refused}"


class _Echo:
    """A file that gives back what is written: csv wants one, and streaming wants the lines."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(kept: Upload, mapping: Mapping) -> Iterator[str]:
    writer = csv.writer(_Echo())
    for row in rejected_rows(kept, mapping):
        yield writer.writerow(row)
