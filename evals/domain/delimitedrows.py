"""One row of a CSV or TSV file: whether it is one, and what is wrong with it."""

import csv
from collections.abc import Sequence

from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row
from evals.domain.textlines import text_fault

STRAY_TEXT = (
    "text follows a closing quote, expected the end of the cell "
    "(a quote inside quotes is written twice)"
)
STRAY_RETURN = "a carriage return stands alone outside quotes, expected lines to end in LF or CRLF"
FIELD_LIMIT = 32 * 1024 * 1024  # characters; the csv module's own limit is 131,072
TOO_LONG = f"a cell is longer than {FIELD_LIMIT:,} characters; is its quote closed?"
NEVER_CLOSED = "a quote is opened in this row and never closed, so nothing after it can be read"


def is_blank(fields: Sequence[str], width: int) -> bool:
    """Tell whether a line holds nothing, and so is no row."""
    return not fields or (len(fields) == 1 < width and not fields[0].strip())


def checked_row(row: Row, fields: Sequence[str], columns: tuple[str, ...]) -> Row | Problem:
    """Return the row with its cells, unless a cell is not text or their number is wrong."""
    if problem := _text_problem(row, fields, columns):
        return problem
    if len(fields) == len(columns):
        return row._replace(cells=dict(zip(columns, fields, strict=True)))
    noun = "field" if len(fields) == 1 else "fields"
    message = f"{len(fields)} {noun}, the header has {len(columns)}"
    return Problem(message=message, line=row.line, row=row.number)


def _text_problem(row: Row, fields: Sequence[str], columns: tuple[str, ...]) -> Problem | None:
    """Return the first cell that is not text, with the very line its bad character is on."""
    line = row.line or 1
    for place, cell in enumerate(fields):
        if fault := text_fault(cell):
            line += cell.count("\n", 0, fault.index)
            column = columns[place] if place < len(columns) else None
            return Problem(message=fault.message, line=line, row=row.number, column=column)
        line += cell.count("\n")
    return None


def explain(error: csv.Error, line: int, last_line: int) -> str:
    """Return what the csv module's message means for the one who wrote the file.

    Raises:
        InputError: When nothing after the error can be read.
    """
    text = str(error)
    spread = f"; the row runs to line {last_line}" if last_line > line else ""
    if "expected after" in text:
        return f"{STRAY_TEXT}{spread}"
    if "new-line" in text:
        return f"{STRAY_RETURN}{spread}"
    message = TOO_LONG if "field limit" in text else NEVER_CLOSED
    raise InputError(Problem(message=message, line=line)) from error
