"""What an endpoint can do: asking for a measurement, watching it, and what it found."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.domain.specs import EndpointKind
from evals.models import ThroughputTest
from evals.queries import access
from evals.queries.candidates import with_parts
from evals.queries.preparation import preparation
from evals.queries.throughput import throughput_document
from evals.queries.throughputpages import throughput_page, throughput_setting
from evals.reports.resultfiles import result_text
from evals.services.throughput import ring_test, stop_test
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.throughput import ThroughputForm
from evals.web.pages import form_page, posted, too_early


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def candidate_throughput(request: TeamRequest, candidate_id: int) -> HttpResponse:
    """Say what a measurement takes, and have a worker make it."""
    asked = access.candidates_for(request.team).exclude(endpoint__kind=EndpointKind.RECORDED)
    candidate = get_object_or_404(with_parts(asked), pk=candidate_id)
    setting = throughput_setting(candidate)
    if setting is None:
        return too_early(request, preparation(candidate.task), "candidates")
    form = ThroughputForm(posted(request), setting=setting)
    if form.is_valid() and not form.is_preview:
        test = ring_test(
            candidate=candidate, version=setting.version, wanted=form.wanted(), user=request.user
        )
        return redirect("evals:throughput", test.pk)
    return form_page(request, "evals/throughput_new.html", form, setting)


@require_safe
@member_required
def throughput(request: TeamRequest, test_id: int) -> HttpResponse:
    """Show how far a measurement is, and what it found."""
    page = throughput_page(_found(request, test_id), now=timezone.now())
    return render(request, "evals/throughput.html", {"page": page})


@require_safe
@member_required
def throughput_now(request: TeamRequest, test_id: int) -> HttpResponse:
    """Show the fragment that the page asks for until the measurement has ended."""
    page = throughput_page(_found(request, test_id), now=timezone.now())
    may_write = access.may_write(request.membership)
    return render(request, "evals/_throughput.html", {"page": page, "may_write": may_write})


@require_safe
@member_required
def throughput_result(request: TeamRequest, test_id: int) -> HttpResponse:
    """Give the result file."""
    document = throughput_document(_found(request, test_id))
    return HttpResponse(
        result_text(document),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="throughput-{test_id}.json"'},
    )


@require_POST
@editor_required
def throughput_stop(request: TeamRequest, test_id: int) -> HttpResponse:
    """End a measurement; the levels that are measured stay."""
    test = _found(request, test_id)
    if stop_test(test=test, user=request.user, now=timezone.now()):
        messages.success(request, "Stopped. What was measured stays.")
    return redirect("evals:throughput", test.pk)


def _found(request: TeamRequest, test_id: int) -> ThroughputTest:
    tests = access.throughput_tests_for(request.team)
    parts = ("candidate__endpoint", "candidate__task__team", "version")
    return get_object_or_404(tests.select_related(*parts), pk=test_id)
