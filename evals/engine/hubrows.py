"""Rows as the `datasets` library reads them, as plain values."""

import lzma
import math
import zlib
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile

import datasets
import pyarrow as pa

from evals.domain.problems import InputError, Problem

datasets.disable_progress_bars()

MEDIA = (datasets.Image, datasets.Audio, datasets.Video)
# What the library lets through where a set, its card or a file of it is not as it expects.
ODD_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    TypeError,
    EOFError,
)
LOAD_FAILURES = (
    *ODD_FAILURES,
    OSError,
    ValueError,
    RuntimeError,
    BadZipFile,
    lzma.LZMAError,
    zlib.error,
    pa.ArrowException,
    datasets.exceptions.DatasetsError,
)


def load_hf_rows(name: str, split: str, revision: str | None = None) -> Iterator[dict[str, Any]]:
    """Return the rows of one split as the `datasets` library reads them; no remote code runs.

    `name` is a hub's `org/name` or `org/name:configuration`, or a local folder. Columns of
    pictures, sounds and videos are left out; the rest as `json_row` has it.

    Raises:
        InputError: If the set, the configuration or the split cannot be had, with the reason; while
            rows are read, too.
    """
    path, _, configuration = name.partition(":")
    try:
        rows = datasets.load_dataset(path, configuration or None, split=split, revision=revision)
    except LOAD_FAILURES as error:
        raise _not_loaded(name, split, error) from error
    media = [name for name, kind in rows.features.items() if isinstance(kind, MEDIA)]
    plain = rows.remove_columns(media)
    return _told(plain, name, split)


def reason_of(error: BaseException) -> str:
    """Return why a set could not be had, in one line; odd failures need their kind to be read."""
    text = next(iter(str(error).splitlines()), "")
    kind = type(error).__name__
    return f"{kind}: {text}" if text and isinstance(error, ODD_FAILURES) else text or kind


def json_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it, at any depth: dates as ISO 8601 text, NaN as null.

    Raises:
        ValueError: If a column holds what JSON cannot hold, with its name.
    """
    return {name: _json_value(cell, name) for name, cell in row.items()}


def _json_value(cell: Any, column: str) -> Any:
    match cell:
        case date() | time():
            return cell.isoformat()
        case Decimal() | timedelta():
            return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
        case float() if math.isnan(cell):
            return None
        case dict():
            return {str(key): _json_value(each, column) for key, each in cell.items()}
        case list() | tuple():
            return [_json_value(each, column) for each in cell]
        case None | str() | bool() | int() | float():
            return cell
    found = "bytes" if isinstance(cell, bytes) else type(cell).__name__
    raise ValueError(f"the column {column!r} holds {found}, expected text, numbers or dates")


def _told(rows: Any, name: str, split: str) -> Iterator[dict[str, Any]]:
    try:
        for row in rows:
            yield json_row(row)
    except LOAD_FAILURES as error:
        raise _not_loaded(name, split, error) from error


def _not_loaded(name: str, split: str, error: BaseException) -> InputError:
    message = f"cannot load {name!r}, split {split!r}: {reason_of(error)}"
    return InputError(Problem(message=message))
