"""What every kind of file comes down to: named columns and numbered rows of cells."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from evals.domain.problems import InputError, Problem
from evals.domain.textlines import text_fault

if TYPE_CHECKING:
    import pyarrow as pa

JSONValue: TypeAlias = str | int | float | bool | list["JSONValue"] | dict[str, "JSONValue"] | None


class Row(NamedTuple):  # made a million times: half the price of a frozen dataclass
    """One data row as read. `number` counts from 0; `line` is where it starts, if lines count."""

    number: int
    line: int | None
    cells: dict[str, JSONValue]


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows that follow each other without a fault: for each column the text of its cells."""

    first: int  # the number of the first row
    lines: Sequence[int]  # where each row starts
    columns: "Sequence[pa.StringArray]"

    def pieces(self, most: int) -> "Iterator[RowBlock]":
        """Return the same rows in blocks of `most` at most."""
        for start in range(0, len(self.lines), most):
            lines = self.lines[start : start + most]
            columns = [column.slice(start, len(lines)) for column in self.columns]
            yield RowBlock(self.first + start, lines, columns)


@dataclass(frozen=True, slots=True)
class RowFile:
    """An open file of rows; it can be read once, and a bad row comes as a `Problem`.

    `blocks` are the same rows in fewer pieces, where the kind of file has such: whoever reads them
    does not read `rows`.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row | Problem]
    blocks: Iterator[RowBlock | Row | Problem] | None = None


def check_columns(columns: Sequence[str], *, line: int | None = None) -> None:
    """Refuse names that cannot name a column.

    Raises:
        InputError: With one problem for each empty, repeated or unreadable name.
    """
    faults = [_name_fault(place, name) for place, name in enumerate(columns, start=1)]
    faults += [
        f"the name {name!r} stands {count} times, expected each name once"
        for name, count in Counter(columns).items()
        if count > 1 and name.strip()
    ]
    problems = [Problem(message=fault, line=line) for fault in faults if fault]
    if problems:
        raise InputError(*problems)


def not_empty(rows: Iterator[Row | Problem], message: str) -> Iterator[Row | Problem]:
    """Return `rows` as they are.

    Raises:
        InputError: With `message`, when there is none.
    """
    first = next(rows, None)
    if first is None:
        raise InputError(Problem(message=message))
    return chain((first,), rows)


def _name_fault(place: int, name: str) -> str | None:
    if not name.strip():
        return (
            f"column {place} has no name, expected one in every place of the header "
            "(pandas writes such a column unless index=False)"
        )
    fault = text_fault(name)
    return f"in the name of column {place}: {fault.message}" if fault else None
