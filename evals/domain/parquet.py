"""Rows of Parquet files. Imported only when one is read: pyarrow costs time and memory."""

import math
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

import pyarrow as pa
from pyarrow import types
from pyarrow.parquet import ParquetFile

from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue, Row, RowFile, check_columns, not_empty
from evals.domain.textlines import text_fault

BATCH_ROWS = 1024
SCALARS = "text, numbers, booleans, dates, times, decimals or bytes"
NEEDLESS_ZEROS = re.compile(r"(\.\d*?)0+$")
Reader: TypeAlias = Callable[[pa.Array], list[JSONValue]]


def parquet_rows(file: BinaryIO) -> RowFile:
    """Return the columns and rows of a Parquet file of scalars.

    What JSON has stays as it is. Bytes are UTF-8 text. Decimals are plain digits with all their
    places (`1.50`). Dates and times are ISO 8601 without needless zeros (`2026-05-01`,
    `2026-05-01T09:30:00.25`), in UTC with a `Z` where the column has a time zone.

    Args:
        file: One that can seek.

    Raises:
        InputError: When it is no Parquet file, has no row or has a column that is no scalar;
            while the rows are read, when a part of the file is broken.
    """
    parquet = _opened(file)
    schema = parquet.schema_arrow
    check_columns(schema.names)
    readers = [reader for field in schema if (reader := _reader(field.type))]
    if len(readers) < len(schema):
        raise InputError(*(_no_scalar(field) for field in schema if not _reader(field.type)))
    return RowFile(tuple(schema.names), not_empty(_rows(parquet, readers), "no rows in the file"))


def parquet_row_count(file: BinaryIO) -> int:
    """Return how many rows a Parquet file has, as its footer says.

    Raises:
        InputError: When it is no Parquet file.
    """
    facts = _opened(file).metadata
    groups: int = sum(facts.row_group(n).num_rows for n in range(facts.num_row_groups))
    return max(int(facts.num_rows), groups)


def _opened(file: BinaryIO) -> ParquetFile:
    try:
        return ParquetFile(file, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise InputError(_no_parquet(error)) from error


def _no_parquet(error: Exception) -> Problem:
    return Problem(message=f"not a Parquet file that can be read: {str(error).splitlines()[0]}")


def _no_scalar(field: pa.Field) -> Problem:
    return Problem(message=f"found the type {field.type}, expected {SCALARS}", column=field.name)


def _rows(parquet: ParquetFile, readers: list[Reader]) -> Iterator[Row | Problem]:
    names = tuple(parquet.schema_arrow.names)
    number = 0
    for batch in _batches(parquet):
        columns = [read(array) for read, array in zip(readers, batch.columns, strict=True)]
        for values in zip(*columns, strict=True):
            row = Row(number, None, dict(zip(names, values, strict=True)))
            yield _problem(row) or row
            number += 1


def _batches(parquet: ParquetFile) -> Iterator[pa.RecordBatch]:
    try:
        yield from parquet.iter_batches(batch_size=BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise InputError(_no_parquet(error)) from error


def _problem(row: Row) -> Problem | None:
    for name, cell in row.cells.items():
        message = None
        if isinstance(cell, str):
            fault = text_fault(cell)
            message = fault.message if fault else None
        elif isinstance(cell, float) and not math.isfinite(cell):
            message = f"{cell} is no number, expected one or null"
        if message:
            return Problem(message=message, row=row.number, column=name)
    return None


def _reader(kind: pa.DataType) -> Reader | None:
    """Return what turns arrays of this type into cells; None for a type that is no scalar."""
    if types.is_dictionary(kind):
        reader = _reader(kind.value_type)
        return reader and (lambda array: reader(array.dictionary_decode()))
    return next((reader for is_kind, reader in READERS.items() if is_kind(kind)), None)


def _plain(array: pa.Array) -> list[JSONValue]:
    cells: list[JSONValue] = array.to_pylist()
    return cells


def _text(array: pa.Array) -> list[JSONValue]:
    try:
        return _plain(array)
    except UnicodeDecodeError:  # Parquet promises that text is UTF-8, and nobody checks
        return _decoded(array.cast(pa.large_binary()))


def _decoded(array: pa.Array) -> list[JSONValue]:
    cells = array.to_pylist()
    return [cell if cell is None else cell.decode(errors="surrogateescape") for cell in cells]


def _decimals(array: pa.Array) -> list[JSONValue]:
    return [cell if cell is None else f"{cell:f}" for cell in array.to_pylist()]


def _moments(array: pa.Array) -> list[JSONValue]:
    """Return ISO 8601, by Arrow's own cast: Python's datetime has no nanoseconds."""
    is_zoned = types.is_timestamp(array.type) and array.type.tz is not None
    if is_zoned:
        array = array.cast(pa.timestamp(array.type.unit))  # the same moment in UTC
    return [_moment(text, "Z" if is_zoned else "") for text in array.cast("string").to_pylist()]


def _moment(text: str | None, zone: str) -> str | None:
    return text and NEEDLESS_ZEROS.sub(r"\1", text.replace(" ", "T")).removesuffix(".") + zone


READERS: dict[Callable[[pa.DataType], bool], Reader] = {
    types.is_string: _text,
    types.is_large_string: _text,
    types.is_string_view: _text,
    types.is_null: _plain,
    types.is_boolean: _plain,
    types.is_integer: _plain,
    types.is_floating: _plain,
    types.is_binary: _decoded,
    types.is_large_binary: _decoded,
    types.is_binary_view: _decoded,
    types.is_fixed_size_binary: _decoded,
    types.is_decimal: _decimals,
    types.is_date: _moments,
    types.is_time: _moments,
    types.is_timestamp: _moments,
}
