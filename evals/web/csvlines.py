"""Rows of cells as the lines of a CSV file, written as they are read."""

import csv
from collections.abc import Iterable, Iterator, Sequence


class _Echo:
    """A file that gives back what is written: csv wants one, and streaming wants the lines."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield one line for each row."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)
