"""The audit log: a page, and the same lines as a file."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evals.queries.auditlog import AuditFilter, audit_page, audit_rows
from evals.reports.auditfiles import audit_csv
from evals.web.auth import TeamRequest, member_required
from evals.web.parameters import row_number


@require_safe
@member_required
def team_audit(request: TeamRequest) -> HttpResponse:
    """Show who changed what, newest first."""
    before = row_number(request.GET.get("before"))
    page = audit_page(request.team, chosen=_chosen(request), before=before)
    return render(request, "evals/team_audit.html", {"page": page})


@require_safe
@member_required
def team_audit_file(request: TeamRequest) -> StreamingHttpResponse:
    """Give every line that the filter leaves as CSV."""
    return StreamingHttpResponse(
        audit_csv(audit_rows(request.team, chosen=_chosen(request))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit log.csv"'},
    )


def _chosen(request: TeamRequest) -> AuditFilter:
    said = {
        name: request.GET.get(name, "").replace("\x00", "")
        for name in ("person", "action", "subject")
    }
    return AuditFilter(**said)
