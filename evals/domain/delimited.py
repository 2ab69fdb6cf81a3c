"""Rows of CSV and TSV files, as RFC 4180 has them."""

import csv
from _csv import Reader  # the type of csv.reader's results, which has no public name
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from evals.domain.delimitedrows import FIELD_LIMIT, checked_row, explain, is_blank
from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row, RowBlock, RowFile, check_columns
from evals.domain.textlines import TextLines


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
    rows = _rows(reader, columns, lines)
    first = next(rows, None)
    if first is None:
        raise InputError(Problem(message="no rows under the header"))
    blocks = _blocks(reader, columns, lines, delimiter)
    return RowFile(columns, chain((first,), rows), chain((first,), blocks))


def _blocks(
    reader: Reader, columns: tuple[str, ...], lines: TextLines, delimiter: str
) -> Iterator[RowBlock | Row | Problem]:
    # Only who stores a whole file pays for pyarrow.
    from evals.domain.delimitedblocks import row_blocks  # noqa: PLC0415

    yield from row_blocks(reader, columns, lines, delimiter=delimiter)


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
            Problem(message=explain(error, line, reader.line_num), line=line)
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
                elif not is_blank(fields, width):
                    yield checked_row(Row(number, line, {}), fields, columns)
                    number += 1
                line = reader.line_num + 1
        except csv.Error as error:
            yield Problem(message=explain(error, line, reader.line_num), line=line, row=number)
            number += 1
            line = reader.line_num + 1
        else:
            return
