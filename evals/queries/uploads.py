"""A file on its way to become an eval set: its first rows, and those that cannot be used."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from evals.domain.evalsets import Mapping, guess_mapping, read_samples, text_of
from evals.domain.problems import Problem
from evals.domain.rowfiles import FileKind, escape_cell, open_rows
from evals.domain.rows import JSONValue, Row, RowFile
from evals.models import Upload

LOOKED_AT = 200  # rows that types and the mapping are guessed from
SHOWN = 8
PROBLEMS_SHOWN = 3
CELL_SHOWN = 240
LONG = 24
KINDS = {str: "text", bool: "true or false", int: "number", float: "number", list: "list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a file; what its first rows hold, in words."""

    name: str
    holds: str
    example: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell under its column's name; a long one wants a line of its own."""

    column: str
    text: str
    is_long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRows:
    """The top of a file: enough to say what its columns mean, and what cannot be read in it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    guess: Mapping | None
    looked_at: int
    unread: int
    problems: tuple[Problem, ...]


def first_rows(file: BinaryIO, name: str) -> FirstRows:
    """Return the top of a file.

    Raises:
        InputError: If the file is unusable as a whole, as far as its top shows.
    """
    opened = open_rows(file, FileKind.of(name))
    items = list(islice(opened.rows, LOOKED_AT))
    rows = [row for row in items if isinstance(row, Row)]
    problems = [item for item in items if isinstance(item, Problem)]
    return FirstRows(
        columns=tuple(_column(column, rows) for column in opened.columns),
        rows=tuple(cells_of(row.cells, opened.columns) for row in rows[:SHOWN]),
        guess=guess_mapping(opened.columns, rows),
        looked_at=len(items),
        unread=len(problems),
        problems=tuple(problems[:PROBLEMS_SHOWN]),
    )


def first_rows_of(upload: Upload) -> FirstRows:
    """Return the top of a kept file; errors as `first_rows`."""
    with upload.file.open("rb") as file:
        return first_rows(cast("BinaryIO", file), upload.name)


def chosen_mapping(upload: Upload) -> Mapping | None:
    """Return the columns as they were chosen last, None where nobody has."""
    if upload.mapping is None:
        return None
    chosen = upload.mapping
    return Mapping(chosen["input"], chosen["target"], tuple(chosen["slices"]), chosen["cluster"])


def rejected_rows(upload: Upload, mapping: Mapping) -> Iterator[list[str]]:
    """Yield a header, then each row that the mapping cannot use with its reason and its cells.

    Cells are made safe for spreadsheets.

    Raises:
        InputError: If the file is unusable as a whole.
    """
    with _opened(upload) as rows:
        yield [escape_cell(name) for name in ("line", "row", "column", "problem", *rows.columns)]
        seen = _LastRow()
        for item in read_samples(RowFile(rows.columns, seen.watching(rows.rows)), mapping):
            if isinstance(item, Problem):
                yield [escape_cell(text) for text in _rejected(item, rows.columns, seen.row)]


def cells_of(cells: dict[str, JSONValue], columns: Sequence[str]) -> tuple[Cell, ...]:
    """Return the cells of one row for a table."""
    texts = [(column, shown(cells.get(column))) for column in columns]
    return tuple(Cell(column, text, len(text) > LONG) for column, text in texts)


def shown(cell: JSONValue) -> str:
    """Return a cell for a table, cut where it is long."""
    text = "" if cell is None else text_of(cell)
    return text if len(text) <= CELL_SHOWN else f"{text[:CELL_SHOWN]}…"


@contextmanager
def _opened(upload: Upload) -> Iterator[RowFile]:
    with upload.file.open("rb") as file:
        yield open_rows(cast("BinaryIO", file), FileKind.of(upload.name))


class _LastRow:
    """Remembers the row that was read last, to show what a problem is about."""

    row: Row | None = None

    def watching(self, rows: Iterator[Row | Problem]) -> Iterator[Row | Problem]:
        for item in rows:
            self.row = item if isinstance(item, Row) else None
            yield item


def _rejected(problem: Problem, columns: Sequence[str], row: Row | None) -> list[str]:
    place = [str(n) if n is not None else "" for n in (problem.line, problem.row)]
    cells = row.cells if row else {}
    texts = ["" if (cell := cells.get(name)) is None else text_of(cell) for name in columns]
    return [*place, problem.column or "", problem.message, *texts]


def _column(name: str, rows: Sequence[Row]) -> Column:
    cells = [cell for row in rows if (cell := row.cells.get(name)) not in (None, "")]
    kinds = {_kind(cell) for cell in cells}
    different = len({text_of(cell) for cell in cells})
    if not cells:
        return Column(name=name, holds="empty", example="")
    holds = kinds.pop() if len(kinds) == 1 else "mixed"
    return Column(name=name, holds=f"{holds}, {different} different", example=shown(cells[0])[:80])


def _kind(cell: JSONValue) -> str:
    if isinstance(cell, str) and _is_number(cell):
        return "number"
    return KINDS.get(type(cell), "mapping")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
