"""A report as CSV: one row for each figure, so that a spreadsheet can filter it."""

import csv
import io
from collections.abc import Iterator

from evals.domain.reportdocuments import ReportDocument, Section
from evals.reports.cells import plain_cell

COLUMNS = ("section", "table", "row", "item", "value", "note")


def report_csv(document: ReportDocument) -> str:
    """Return every fact and every cell of every table, in the order of reading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(document):
        writer.writerow([plain_cell(cell) for cell in row])
    return out.getvalue()


def _rows(document: ReportDocument) -> Iterator[tuple[str, ...]]:
    yield ("Report", "", "", "Task", document.task, "")
    yield ("Report", "", "", "Status", document.status.value, "")
    yield ("Report", "", "", "Decision", document.headline, document.simulated)
    if (signed := document.decision) is not None:
        yield ("Report", "", "", "Decided by", signed.by, signed.at)
        yield ("Report", "", "", "Chosen", signed.candidate, "")
        yield ("Report", "", "", "Reason", signed.reason, "")
        yield ("Report", "", "", "Holds until", signed.expires_on or "", "")
    for section in (document.first, *document.sections):
        yield from _section(section)


def _section(section: Section) -> Iterator[tuple[str, ...]]:
    for number, text in enumerate((*section.paragraphs, *section.points), start=1):
        yield (section.title, "", str(number), "Text", text, "")
    for fact in section.facts:
        yield (section.title, "", "", fact.label, fact.value, fact.note)
    for table in section.tables:
        for row in table.rows:
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                yield (section.title, table.title, row[0], column, cell, "")
