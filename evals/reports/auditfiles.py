"""The audit log as a table for a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from evals.queries.auditlog import AuditRow

HEADER = ("at", "person", "action", "subject", "details")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audit_csv(rows: Iterable[AuditRow]) -> Iterator[str]:
    """Yield the log line by line: it may be longer than memory is large."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow(map(_cell, (row.iso, row.person, row.action, row.subject, row.details)))
        yield _taken(text)
    yield _taken(text)


def _taken(text: StringIO) -> str:
    line = text.getvalue()
    text.seek(0)
    text.truncate()
    return line


def _cell(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula: subjects are people's."""
    return f"'{text}" if text.startswith(FORMULA) else text
