"""Decision records: the list, a record, proposing and deciding, its files and its links."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.domain.seals import ReportFormat
from evals.models import Report
from evals.queries import access
from evals.queries.reports import current_document, report_page, reports_page, with_decisions
from evals.reports.reportfiles import MEDIA_TYPES, report_bytes
from evals.services.decisions import (
    DecisionError,
    decide,
    open_shared,
    propose_report,
    revoke_link,
    share_report,
)
from evals.services.reportexports import sealed_report
from evals.web.auth import TeamRequest, admin_required, editor_required, member_required
from evals.web.forms.decisions import DecisionForm, ShareForm
from evals.web.pages import form_page, posted
from evals.web.parameters import row_number

LASTS = timedelta(days=90)
# A report is one file with its own style; nothing else is loaded, run or framed.
ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)


@require_safe
@member_required
def reports(request: TeamRequest) -> HttpResponse:
    """Show the team's records, or those of one standing."""
    page = reports_page(
        request.team,
        wanted=request.GET.get("standing", ""),
        now=timezone.now(),
        task_id=row_number(request.GET.get("task")),
    )
    return render(request, "evals/reports.html", {"page": page})


@require_safe
@never_cache
@member_required
def report(request: TeamRequest, report_id: int) -> HttpResponse:
    """Show a record with its decision, its files, its links and the records before it."""
    page = report_page(_found(request, report_id), now=timezone.now())
    return render(request, "evals/report.html", {"page": page, "share": ShareForm()})


@require_POST
@editor_required
def report_propose(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Freeze what an evaluation found into a record that waits for a decision."""
    evaluation = get_object_or_404(
        access.evaluations_for(request.team).select_related(
            "task__team", "version", "bar", "scorer_set"
        ),
        pk=evaluation_id,
    )
    try:
        made = propose_report(evaluation=evaluation, user=request.user, now=timezone.now())
    except DecisionError as error:
        messages.error(request, f"Nothing was proposed: {error}.")
        return redirect("evals:evaluation", evaluation_id)
    messages.success(request, f"Record {made.number} waits for a decision by an admin of the team.")
    return redirect("evals:report", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def report_decide(request: TeamRequest, report_id: int) -> HttpResponse:
    """Ask for go, no-go or defer with the reason, and sign it."""
    found, now = _found(request, report_id), timezone.now()
    until = current_document(found).expires_on or (now + LASTS).date().isoformat()
    form = DecisionForm(posted(request), report=found, until=until, today=now.date().isoformat())
    if form.is_valid():
        try:
            decide(report=found, ruling=form.ruling, user=request.user, now=now)
        except DecisionError as error:
            form.add_error(None, _sentence(str(error)))
        else:
            messages.success(request, "Signed. The record can no longer be changed.")
            return redirect("evals:report", found.pk)
    return form_page(request, "evals/report_decide.html", form, report_page(found, now=now))


@require_safe
@member_required
def report_file(request: TeamRequest, report_id: int, suffix: str) -> HttpResponse:
    """Give a record as a sealed file."""
    if suffix not in {kind.value for kind in ReportFormat}:
        raise Http404
    found, kind = _found(request, report_id), ReportFormat(suffix)
    content = sealed_report(current_document(found), kind)
    name = f"{found.task.name} record {found.number}.{suffix}".replace("/", "-")
    return HttpResponse(
        content,
        content_type=MEDIA_TYPES[kind],
        headers={"Content-Disposition": _attachment(name)},
    )


@require_POST
@editor_required
def report_share(request: TeamRequest, report_id: int) -> HttpResponse:
    """Make a link that shows this report alone; it is told this once."""
    found, form, now = _found(request, report_id), ShareForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, "No link was made: choose how long it shows the report.")
        return redirect("evals:report", found.pk)
    _, token = share_report(
        report=found,
        user=request.user,
        expires_at=form.expires_at(now),
        now=now,
        note=form.cleaned_data["note"],
    )
    address = request.build_absolute_uri(reverse("evals:shared_report", args=[token]))
    messages.success(request, f"Copy the link now, it is not shown again: {address}")
    return redirect("evals:report", found.pk)


@require_POST
@editor_required
def report_link_revoke(request: TeamRequest, report_id: int, link_id: int) -> HttpResponse:
    """Let a link show nothing any more."""
    links = access.share_links_for(request.team).select_related("report__task__team")
    link = get_object_or_404(links, pk=link_id, report_id=report_id)
    revoke_link(link=link, user=request.user, now=timezone.now())
    messages.success(request, "The link shows nothing any more.")
    return redirect("evals:report", report_id)


@require_safe
@never_cache
def shared_report(_request: HttpRequest, token: str) -> HttpResponse:
    """Show one report to whoever has its link, and nothing else; the view is written down."""
    found = open_shared(token=token, now=timezone.now())
    if found is None:
        raise Http404
    content = report_bytes(current_document(found), ReportFormat.HTML)
    headers = {"Content-Security-Policy": ALONE, "Referrer-Policy": "no-referrer"}
    return HttpResponse(content, headers=headers)


def _found(request: TeamRequest, report_id: int) -> Report:
    records = with_decisions(access.reports_for(request.team)).select_related("task__team")
    return get_object_or_404(records, pk=report_id)


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:]}."


def _attachment(name: str) -> str:
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f'attachment; filename="{plain}"'
