"""Decision records and their files."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router

from evals.api.auth import ApiRequest, found_or_404
from evals.api.documents import file_reply, replies
from evals.api.replies import UNKEPT, document
from evals.api.schemas import ReportOut, Reports
from evals.domain.reportdocuments import to_mapping
from evals.domain.seals import ReportFormat
from evals.models import Report
from evals.queries import access
from evals.queries.plaindocuments import plain
from evals.queries.reports import current_document, reports_page, with_decisions
from evals.reports.reportfiles import MEDIA_TYPES
from evals.services.reportexports import sealed_report

router = Router(tags=["Reports"])


@router.get("/reports", response=replies(Reports), summary="The team's decision records")
def reports(request: ApiRequest) -> HttpResponse:
    """Return the records, those first that somebody has to look at."""
    page = reports_page(request.auth.team, wanted="", now=timezone.now())
    return document({"reports": plain(page.rows)})


@router.get("/reports/{int:report_id}", response=replies(ReportOut, 404), summary="A record")
def report(request: ApiRequest, report_id: int) -> HttpResponse:
    """Return a record as it stands: with its decision, if there is one."""
    return document(to_mapping(current_document(_found(request, report_id))))


@router.get(
    "/reports/{int:report_id}/file.{suffix}",
    response=replies(None, 404),
    openapi_extra=file_reply(*MEDIA_TYPES.values()),
    summary="A record as a sealed file",
)
def report_file(request: ApiRequest, report_id: int, suffix: str) -> HttpResponse:
    """Return a record as html, pdf, md, json or csv, with the seal of this instance."""
    kinds = [kind.value for kind in ReportFormat]
    if suffix not in kinds:
        raise Http404(f"found the ending {suffix!r}, expected one of {', '.join(kinds)}")
    kind = ReportFormat(suffix)
    content = sealed_report(current_document(_found(request, report_id)), kind)
    return HttpResponse(content, content_type=MEDIA_TYPES[kind], headers=UNKEPT)


def _found(request: ApiRequest, report_id: int) -> Report:
    found = with_decisions(access.reports_for(request.auth.team)).select_related("task__team")
    row: Report = found_or_404(found, report_id, "report")
    return row
