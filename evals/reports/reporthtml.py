"""A report as one HTML file: no script, no style sheet or picture from elsewhere."""

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from evals.domain.reportdocuments import STATUS_WORDS, ReportDocument, Section
from evals.reports.reportpictures import picture_svg


def report_html(document: ReportDocument) -> str:
    """Return the file. It names no other: whoever opens it is seen by nobody."""
    page = {
        "document": document,
        "status": STATUS_WORDS[document.status],
        "first": _drawn(document.first),
        "sections": [_drawn(section) for section in document.sections],
    }
    return render_to_string("reports/report.html", {"page": page})


def _drawn(section: Section) -> dict[str, object]:
    svg = "" if section.picture is None else picture_svg(section.picture)
    tables = [
        {
            "title": table.title,
            "columns": _cells(table.columns, table.numeric),
            "rows": [_cells(row, table.numeric) for row in table.rows],
        }
        for table in section.tables
    ]
    # Drawn by our own code from numbers and escaped names.
    return {"section": section, "svg": mark_safe(svg), "tables": tables}  # noqa: S308


def _cells(row: tuple[str, ...], numeric: tuple[int, ...]) -> list[tuple[str, bool]]:
    return [(cell, place in numeric) for place, cell in enumerate(row)]
