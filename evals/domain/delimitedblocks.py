"""Rows of CSV and TSV files in blocks, which cost a third of what the same rows cost singly."""

import csv
from _csv import Reader  # the type of csv.reader's results, which has no public name
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from evals.domain.delimitedrows import FIELD_LIMIT, checked_row, explain, is_blank
from evals.domain.problems import InputError, Problem
from evals.domain.rows import Row, RowBlock
from evals.domain.textlines import TextLines

MOST_ROWS = 500  # enough to share the price of a block, few enough to stay in the cache


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What the reader gave in one go, and what ended it: an error, the file, or neither."""

    fields: list[list[str]]
    is_last: bool = False
    error: csv.Error | InputError | None = None
    past_reader: int = 0


def row_blocks(
    reader: Reader, columns: tuple[str, ...], lines: TextLines, *, delimiter: str
) -> Iterator[RowBlock | Row | Problem]:
    """Yield the rows after the first; in blocks, and one by one where something is unusual.

    Raises:
        InputError: While iterating, when nothing further can be read.
    """
    number, line = 1, reader.line_num + 1
    past_reader = 0  # lines that the reader has not seen
    is_last = False
    while not is_last:
        stretch = _unquoted(lines, delimiter) or _stretch(reader, lines)
        past_reader += stretch.past_reader
        last_line = reader.line_num + past_reader
        starts = _starts(stretch, line, last_line)
        if set(map(len, stretch.fields)) == {len(columns)} and line > lines.suspect:
            yield RowBlock(number, starts[:-1], stretch.fields)
            number += len(stretch.fields)
        else:
            for row in _one_by_one(stretch.fields, starts, number, columns):
                yield row
                number += 1
        if stretch.error is not None:
            yield _problem(stretch.error, starts[-1], last_line, number)
            number += 1
        is_last, line = stretch.is_last, last_line + 1


def _unquoted(lines: TextLines, delimiter: str) -> _Stretch | None:
    """Return the next block cut at its signs alone, where it has no quote."""
    try:
        text = lines.block_without('"', longest=FIELD_LIMIT)
    except InputError as error:
        return _Stretch([], error=error)
    if text is None:
        return None
    rows = text.removesuffix("\n").split("\n") if text else []
    fields = [row.split(delimiter) if row else [] for row in rows]
    return _Stretch(fields, past_reader=len(fields))


def _stretch(reader: Reader, lines: TextLines) -> _Stretch:
    """Read some rows: not many, and not beyond the block of the file."""
    fields: list[list[str]] = []
    try:
        for row in islice(reader, MOST_ROWS):
            fields.append(row)
            if lines.is_read():
                return _Stretch(fields)
    except (csv.Error, InputError) as error:
        return _Stretch(fields, error=error)
    return _Stretch(fields, is_last=len(fields) < MOST_ROWS)


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
