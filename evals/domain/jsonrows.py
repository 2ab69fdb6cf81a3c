"""Rows of JSON files: one object a line, or one array of objects."""

from collections.abc import Iterator
from itertools import chain, count, islice
from typing import BinaryIO

from evals.domain.jsonarrays import JSONArrayText
from evals.domain.jsonvalues import Fault, cells_of, parsed
from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue, Row, RowFile
from evals.domain.textlines import BLOCK_BYTES, TextLines, opening, text_fault

PEEKED_ROWS = 20


def json_line_rows(file: BinaryIO) -> RowFile:
    """Return the rows of a file with one JSON object a line; blank lines are not counted.

    Columns are the names in the first few rows, in order of appearance.

    Raises:
        InputError: When the file has no row, or none of the first few is one.
    """
    return _peeked(_line_rows(TextLines(file)))


def json_rows(file: BinaryIO) -> RowFile:
    """Return the rows of a `.json` file: an array of objects, or one object a line.

    Args:
        file: One that can seek; reading starts where it stands.

    Raises:
        InputError: As `json_line_rows`; while rows are read, when the array itself is broken.
    """
    start = file.tell()
    is_array = (opening(file) + file.read(BLOCK_BYTES)).lstrip().startswith(b"[")
    file.seek(start)
    return _peeked(_array_rows(JSONArrayText(file))) if is_array else json_line_rows(file)


def _peeked(rows: Iterator[Row | Problem]) -> RowFile:
    first = list(islice(rows, PEEKED_ROWS))
    if not first:
        message = "no rows in the file, expected an object a line or an array of objects"
        raise InputError(Problem(message=message))
    columns = dict.fromkeys(name for row in first if isinstance(row, Row) for name in row.cells)
    if not columns:
        raise InputError(*(row for row in first if isinstance(row, Problem)))
    return RowFile(tuple(columns), chain(first, rows))


def _line_rows(lines: TextLines) -> Iterator[Row | Problem]:
    filled = ((line, text) for line, text in enumerate(lines, start=1) if not text.isspace())
    for number, (line, text) in enumerate(filled):
        fault = text_fault(text) if line <= lines.suspect else None
        yield _row(Fault(fault.message) if fault else parsed(text), text, line, number)


def _row(value: JSONValue | Fault, text: str, line: int | None, number: int) -> Row | Problem:
    cells = value if isinstance(value, Fault) else cells_of(value, text)
    if isinstance(cells, Fault):
        return Problem(message=cells.message, line=line, row=number, column=cells.column)
    return Row(number, line, cells)


def _array_rows(text: JSONArrayText) -> Iterator[Row | Problem]:
    text.take("[")
    if text.next_character() == "]":
        return
    numbers = count()
    is_open = True
    while is_open:
        raw, value = text.element()
        fault = text_fault(raw)
        yield _row(Fault(fault.message) if fault else value, raw, None, next(numbers))
        is_open = text.take(",]") == ","
    text.finish()
