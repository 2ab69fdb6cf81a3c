"""Files of rows: what kind a file is, and its columns and rows whatever the kind.

The kinds themselves are read in `delimited`, `jsonrows` and `parquet`; what is read is in `rows`.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from evals.domain.delimited import delimited_rows
from evals.domain.jsonrows import json_line_rows, json_rows
from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue, Row, RowFile

__all__ = ["FileKind", "JSONValue", "Row", "RowFile", "escape_cell", "open_rows"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class FileKind(StrEnum):
    """A way to write rows into a file."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"  # an object a line
    JSON = "json"  # an array of objects, or an object a line
    PARQUET = "parquet"

    @classmethod
    def of(cls, name: str) -> "FileKind":
        """Return the kind that a file's name says.

        Raises:
            InputError: When the name ends in nothing known.
        """
        ending = PurePath(name).suffix.lower()
        if ending in ENDINGS:
            return ENDINGS[ending]
        found = f"the file name ends in {ending}" if ending else "the file name has no ending"
        raise InputError(
            Problem(message=f"{found}, expected one of {' '.join(ENDINGS)}"), file=name
        )


ENDINGS = {f".{kind}": kind for kind in FileKind} | {".ndjson": FileKind.JSONL}
READERS: dict[FileKind, Callable[[BinaryIO], RowFile]] = {
    FileKind.CSV: partial(delimited_rows, delimiter=","),
    FileKind.TSV: partial(delimited_rows, delimiter="\t"),
    FileKind.JSONL: json_line_rows,
    FileKind.JSON: json_rows,
}


def open_rows(file: BinaryIO, kind: FileKind) -> RowFile:
    """Return the columns of `file` and its rows, read as they are asked for.

    A bad row comes as a `Problem` in its place, counted as a row, and reading goes on after it.

    Args:
        file: Open for reading bytes, and open for as long as rows are read. `.json` and Parquet
            files are sought in.
        kind: As `FileKind.of` finds it.

    Raises:
        InputError: When the file is unusable as a whole; now, or while the rows are read.
    """
    if kind is FileKind.PARQUET:
        # pyarrow takes half a second and 60 MB, which web processes never pay.
        from evals.domain.parquet import parquet_rows  # noqa: PLC0415

        return parquet_rows(file)
    return READERS[kind](file)


def escape_cell(value: str) -> str:
    """Return `value` for a cell of an exported CSV, so that no spreadsheet takes it for a formula.

    Source: OWASP, CSV Injection.
    """
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
