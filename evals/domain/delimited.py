"""Rows of CSV and TSV files, as RFC 4180 has them."""

import csv
from _csv import Reader  # the type of csv.reader's results, which has no public name
from collections.abc import Iterator
from typing import BinaryIO

from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row, RowFile, check_columns, not_empty
from evals.domain.textlines import TextLines, text_fault

FIELD_LIMIT = 32 * 1024 * 1024  # characters; the csv module's own limit is 131,072
STRAY_TEXT = (
    "text follows a closing quote, expected the end of the cell "
    "(a quote inside quotes is written twice)"
)
STRAY_RETURN = "a carriage return stands alone outside quotes, expected lines to end in LF or CRLF"
TOO_LONG = f"a cell is longer than {FIELD_LIMIT:,} characters; is its quote closed?"
NEVER_CLOSED = "a quote is opened in this row and never closed, so nothing after it can be read"


def delimited_rows(file: BinaryIO, *, delimiter: str) -> RowFile:
    """Return the columns and rows of a delimited file; every cell is text.

    Lines that hold nothing are skipped and not counted as rows.

    Raises:
        InputError: When there is no usable header or no row; while the rows are read, when a quote
            is never closed.
    """
    # The limit belongs to the whole process, so it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    lines = TextLines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    columns = _header(reader)
    rows = not_empty(_rows(reader, columns, lines), "no rows under the header")
    return RowFile(columns, rows)


def _header(reader: Reader) -> tuple[str, ...]:
    line = 1
    try:
        for fields in reader:
            if fields:
                check_columns(fields, line=line)
                return tuple(fields)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            Problem(message=_explain(error, line, reader.line_num), line=line)
        ) from error
    raise InputError(Problem(message="the file is empty, expected a header and rows"))


def _rows(reader: Reader, columns: tuple[str, ...], lines: TextLines) -> Iterator[Row | Problem]:
    width = len(columns)
    number = 0
    line = reader.line_num + 1
    while True:
        try:
            for fields in reader:
                if len(fields) == width and line > lines.suspect:
                    # zip(strict=True) would take longer than all the rest of this loop.
                    yield Row(number, line, dict(zip(columns, fields)))  # noqa: B905
                    number += 1
                elif not _is_blank(fields, width):
                    yield _checked(Row(number, line, {}), fields, columns)
                    number += 1
                line = reader.line_num + 1
        except csv.Error as error:
            yield Problem(message=_explain(error, line, reader.line_num), line=line, row=number)
            number += 1
            line = reader.line_num + 1
        else:
            return


def _is_blank(fields: list[str], width: int) -> bool:
    return not fields or (len(fields) == 1 < width and not fields[0].strip())


def _checked(row: Row, fields: list[str], columns: tuple[str, ...]) -> Row | Problem:
    """Return the row with its cells, unless a cell is not text or their number is wrong."""
    if problem := _text_problem(row, fields, columns):
        return problem
    if len(fields) == len(columns):
        return row._replace(cells=dict(zip(columns, fields, strict=True)))
    noun = "field" if len(fields) == 1 else "fields"
    message = f"{len(fields)} {noun}, the header has {len(columns)}"
    return Problem(message=message, line=row.line, row=row.number)


def _text_problem(row: Row, fields: list[str], columns: tuple[str, ...]) -> Problem | None:
    """Return the first cell that is not text, with the very line its bad character is on."""
    line = row.line or 1
    for place, cell in enumerate(fields):
        if fault := text_fault(cell):
            line += cell.count("\n", 0, fault.index)
            column = columns[place] if place < len(columns) else None
            return Problem(message=fault.message, line=line, row=row.number, column=column)
        line += cell.count("\n")
    return None


def _explain(error: csv.Error, line: int, last_line: int) -> str:
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
