"""A report in every format that it is exported as. The seal is added by whoever holds the key."""

import json

from evals.domain.reportdocuments import ReportDocument, to_mapping
from evals.domain.seals import ReportFormat
from evals.reports.reportcsv import report_csv
from evals.reports.reporthtml import report_html
from evals.reports.reportmarkdown import report_markdown
from evals.reports.reportpdf import report_pdf

MEDIA_TYPES = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.MARKDOWN: "text/markdown; charset=utf-8",
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv; charset=utf-8",
}


def report_bytes(document: ReportDocument, kind: ReportFormat) -> bytes:
    """Return the report as a file of that kind, without a seal."""
    if kind is ReportFormat.PDF:
        return report_pdf(document)
    if kind is ReportFormat.HTML:
        return report_html(document).encode()
    if kind is ReportFormat.MARKDOWN:
        return report_markdown(document).encode()
    if kind is ReportFormat.CSV:
        return report_csv(document).encode()
    text = json.dumps(to_mapping(document), indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"
