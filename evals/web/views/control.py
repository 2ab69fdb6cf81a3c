"""What a person tells an evaluation or one of its runs: pause, resume, stop, cancel, retry."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evals.models import Evaluation, Run
from evals.queries import access
from evals.queries.retries import can_retry, retry_page
from evals.services.control import cancel_evaluation, pause_evaluation, pause_one, resume_one
from evals.services.evaluations import resume_evaluation, stop_evaluation
from evals.services.retries import retry_failed
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.retries import RetryForm
from evals.web.pages import form_page, posted
from evals.web.undo import done

PAUSED = "Paused. What is in flight is still stored; nothing more is asked until you resume."


@require_POST
@editor_required
def pause(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Ask nothing more until somebody resumes."""
    found = _found(request, evaluation_id)
    if pause_evaluation(evaluation=found, user=request.user):
        done(request, PAUSED, "evaluation_resume", found.pk)
    return redirect("evals:evaluation", found.pk)


@require_POST
@editor_required
def resume(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Go on with the runs that are paused."""
    found = _found(request, evaluation_id)
    if resume_evaluation(evaluation=found, user=request.user):
        words = "Resumed: the paused runs are asked for again."
        done(request, words, "evaluation_pause", found.pk)
    return redirect("evals:evaluation", found.pk)


@require_POST
@editor_required
def run_pause(request: TeamRequest, run_id: int) -> HttpResponse:
    """Pause one candidate; the others go on."""
    found = _found_run(request, run_id)
    if pause_one(run=found, user=request.user):
        done(request, PAUSED, "run_resume", found.pk)
    return redirect("evals:evaluation", found.evaluation_id)


@require_POST
@editor_required
def run_resume(request: TeamRequest, run_id: int) -> HttpResponse:
    """Go on with one candidate."""
    found = _found_run(request, run_id)
    if resume_one(run=found, user=request.user, now=timezone.now()):
        done(request, f"Resumed: {found.candidate.name} is asked again.", "run_pause", found.pk)
    return redirect("evals:evaluation", found.evaluation_id)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def stop(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Ask whether to stop, and stop."""
    found = _found(request, evaluation_id)
    if request.method != "POST":
        return render(request, "evals/evaluation_stop.html", {"page": found})
    if stop_evaluation(evaluation=found, user=request.user, now=timezone.now()):
        words = "Stopped. What is in flight is still stored; nothing more is asked."
        messages.success(request, words)
    return redirect("evals:evaluation", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def cancel(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Ask whether to cancel, and cancel."""
    found = _found(request, evaluation_id)
    if request.method != "POST":
        return render(request, "evals/evaluation_cancel.html", {"page": found})
    if cancel_evaluation(evaluation=found, user=request.user, now=timezone.now()):
        messages.success(request, "Cancelled: no verdict follows. What was stored stays.")
    return redirect("evals:evaluation", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def retry(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Ask which failures are asked again, and have them asked."""
    found = _found(request, evaluation_id)
    page = retry_page(found)
    if not can_retry(found, failed=len(page.choices)):
        raise Http404
    form = RetryForm(posted(request), page=page)
    if not form.is_valid():
        return form_page(request, "evals/evaluation_retry.html", form, page)
    asking = retry_failed(
        evaluation=found, states=form.chosen(), user=request.user, now=timezone.now()
    )
    if asking is not None:
        messages.success(request, "What failed is asked again.")
    return redirect("evals:evaluation", (asking or found).pk)


def _found(request: TeamRequest, evaluation_id: int) -> Evaluation:
    found = access.evaluations_for(request.team).select_related("task__team")
    return get_object_or_404(found, pk=evaluation_id)


def _found_run(request: TeamRequest, run_id: int) -> Run:
    found = access.runs_for(request.team).select_related("candidate", "evaluation__task__team")
    return get_object_or_404(found, pk=run_id)
