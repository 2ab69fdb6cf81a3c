"""Rows of CSV and TSV files in blocks, which cost a fraction of what the same rows cost singly.

Imported only when a whole file is read: pyarrow costs time and memory.
"""

import csv
from _csv import Reader  # the type of csv.reader's results, which has no public name
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, islice

import pyarrow as pa

from evals.domain.delimitedcells import cells_of
from evals.domain.delimitedrows import FIELD_LIMIT, checked_row, explain, is_blank
from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row, RowBlock
from evals.domain.textcolumns import text_array
from evals.domain.textlines import TextLines

MOST_ROWS = 500  # as lists: enough to share the price of a block, few enough to stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Rows that the reader gave in one go, and what ended it: an error, the file, or neither."""

    fields: list[list[str]] = field(default_factory=list)
    is_last: bool = False
    error: csv.Error | InputError | None = None


def row_blocks(
    reader: Reader, columns: tuple[str, ...], lines: TextLines, *, delimiter: str
) -> Iterator[RowBlock | Row | Problem]:
    """Yield the rows after the first; in blocks, and one by one where something is unusual.

    Raises:
        InputError: While iterating, when nothing further can be read.
    """
    number, line, past_reader = 1, reader.line_num + 1, 0  # the last: lines it has not seen
    cut = partial(cells_of, delimiter=delimiter, width=len(columns))
    is_last = False
    while not is_last:
        if cells := lines.block_by(cut, longest=FIELD_LIMIT):
            starts = cells.starts(line)
            yield RowBlock(number, starts[:-1], cells.columns)
            lines.count(starts[-1] - line)
            past_reader += starts[-1] - line
            number, line = number + len(starts) - 1, starts[-1]
            continue
        stretch = _stretch(reader, lines)
        last_line = reader.line_num + past_reader
        starts = _starts(stretch, line, last_line)
        if set(map(len, stretch.fields)) == {len(columns)} and line > lines.suspect:
            yield RowBlock(number, starts[:-1], _columns(stretch.fields))
            number += len(stretch.fields)
        else:
            for row in _one_by_one(stretch.fields, starts, number, columns):
                yield row
                number += 1
        if stretch.error is not None:
            yield _problem(stretch.error, starts[-1], last_line, number)
            number += 1
        is_last, line = stretch.is_last, last_line + 1


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


def _columns(fields: list[list[str]]) -> Sequence[pa.StringArray]:
    return [text_array(column) for column in zip(*fields, strict=True)]


def _starts(stretch: _Stretch, line: int, last_line: int) -> Sequence[int]:
    """Return the line that each row starts on, and then the line after them all."""
    count = len(stretch.fields)
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
