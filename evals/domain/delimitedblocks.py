"""Rows of CSV and TSV files in blocks, which cost a fraction of what the same rows cost singly.

Imported only when a whole file is read: pyarrow costs time and memory.
"""

import csv
from _csv import Reader  # the type of csv.reader's results, which has no public name
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

import numpy as np
import pyarrow as pa
from pyarrow import compute

from evals.domain.delimitedrows import FIELD_LIMIT, checked_row, explain, is_blank
from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row, RowBlock
from evals.domain.textcolumns import text_array
from evals.domain.textlines import TextLines

MOST_ROWS = 500  # as lists: enough to share the price of a block, few enough to stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What was read in one go, as columns or else as rows, and what ended it."""

    cells: Sequence[pa.StringArray] | None = None
    fields: list[list[str]] = field(default_factory=list)
    is_last: bool = False
    error: csv.Error | InputError | None = None
    past_reader: int = 0  # lines that the reader has not seen


def row_blocks(
    reader: Reader, columns: tuple[str, ...], lines: TextLines, *, delimiter: str
) -> Iterator[RowBlock | Row | Problem]:
    """Yield the rows after the first; in blocks, and one by one where something is unusual.

    Raises:
        InputError: While iterating, when nothing further can be read.
    """
    number, line = 1, reader.line_num + 1
    past_reader = 0
    for stretch in _stretches(reader, lines, delimiter, len(columns)):
        past_reader += stretch.past_reader
        last_line = reader.line_num + past_reader
        starts = _starts(stretch, line, last_line)
        if cells := stretch.cells or _columns(stretch.fields, len(columns), is_sure=line > lines.suspect):
            yield RowBlock(number, starts[:-1], cells)
            number += len(cells[0])
        else:
            for row in _one_by_one(stretch.fields, starts, number, columns):
                yield row
                number += 1
        if stretch.error is not None:
            yield _problem(stretch.error, starts[-1], last_line, number)
            number += 1
        line = last_line + 1


def _stretches(
    reader: Reader, lines: TextLines, delimiter: str, width: int
) -> Iterator[_Stretch]:
    is_last = False
    while not is_last:
        text = lines.block_without('"', longest=FIELD_LIMIT)
        if text is None:
            stretch = _stretch(reader, lines)
            is_last = stretch.is_last
            yield stretch
        elif cells := _cut(text, delimiter, width):
            yield _Stretch(cells=cells, past_reader=len(cells[0]))
        else:
            yield from _pieces(text, delimiter)


def _cut(text: str, delimiter: str, width: int) -> Sequence[pa.StringArray] | None:
    """Return a block's cells cut at its signs alone, if every row has as many as there are names."""
    rows = compute.split_pattern(text_array([text.removesuffix("\n")]), "\n").values
    split = compute.split_pattern(rows, delimiter)
    least, most = compute.min_max(compute.list_value_length(split)).values()
    is_empty_row = width == 1 and not compute.min(compute.binary_length(rows)).as_py()
    if not least.as_py() == most.as_py() == width or is_empty_row:
        return None
    places = np.arange(0, len(split.values), width)
    return [split.values.take(pa.array(places + place)) for place in range(width)]


def _pieces(text: str, delimiter: str) -> Iterator[_Stretch]:
    rows = text.removesuffix("\n").split("\n") if text else []
    for start in range(0, len(rows), MOST_ROWS):
        piece = rows[start : start + MOST_ROWS]
        fields = [row.split(delimiter) if row else [] for row in piece]
        yield _Stretch(fields=fields, past_reader=len(fields))


def _stretch(reader: Reader, lines: TextLines) -> _Stretch:
    """Read some rows: not many, and not beyond the block of the file."""
    fields: list[list[str]] = []
    try:
        for row in islice(reader, MOST_ROWS):
            fields.append(row)
            if lines.is_read():
                return _Stretch(fields=fields)
    except (csv.Error, InputError) as error:
        return _Stretch(fields=fields, error=error)
    return _Stretch(fields=fields, is_last=len(fields) < MOST_ROWS)


def _columns(
    fields: list[list[str]], width: int, *, is_sure: bool
) -> Sequence[pa.StringArray] | None:
    if not is_sure or set(map(len, fields)) != {width}:
        return None
    return [text_array(column) for column in zip(*fields, strict=True)]


def _starts(stretch: _Stretch, line: int, last_line: int) -> Sequence[int]:
    """Return the line that each row starts on, and then the line after them all."""
    count = len(stretch.cells[0]) if stretch.cells else len(stretch.fields)
    if stretch.error is None and last_line - line + 1 == count:
        return range(line, line + count + 1)
    heights = (1 + sum(cell.count("\n") for cell in row) for row in stretch.fields)
    return list(accumulate(heights, initial=line))


def _one_by_one(
    rows: list[list[str]], starts: Sequence[int], number: int, columns: tuple[str, ...]
) -> Iterator[Row | Problem]:
    for fields, line in zip(rows, starts, strict=False):  # the last start is that of no row
        if not is_blank(fields, len(columns)):
            yield checked_row(Row(number, line, {}), fields, columns)
            number += 1


def _problem(error: csv.Error | InputError, line: int, last_line: int, number: int) -> Problem:
    if isinstance(error, InputError):
        raise error
    return Problem(message=explain(error, line, last_line), line=line, row=number)
