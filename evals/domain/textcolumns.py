"""Columns of text and bytes as pyarrow has them, where a step runs over all items at once."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow.lib import StringBuilder


def text_array(texts: Sequence[str | None]) -> pa.StringArray:
    """Return texts as a column."""
    builder = StringBuilder()  # pyarrow.array would import pandas first, if it is installed
    builder.append_values(texts)
    return builder.finish()


def joined(*parts: pa.Array | str | bytes) -> pa.Array:
    """Return for each item the parts one after the other; what is no column is repeated."""
    return compute.binary_join_element_wise(*parts, b"" if isinstance(parts[0], bytes) else "")


def whole(column: pa.Array) -> memoryview:
    """Return the items of a column that was just made, one after the other."""
    _, offsets, content = column.buffers()
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(content or b"")[ends[column.offset] : ends[column.offset + len(column)]]


def is_filled(column: pa.StringArray) -> bool:
    """Tell whether no item is blank."""
    return not compute.any(_is_blank(column)).as_py()


def filled(column: pa.StringArray) -> pa.StringArray:
    """Return the column with a null where an item is blank."""
    return column if is_filled(column) else compute.if_else(_is_blank(column), None, column)


def _is_blank(column: pa.StringArray) -> pa.BooleanArray:
    is_empty = compute.equal(compute.binary_length(column), 0)
    return compute.or_(is_empty, compute.utf8_is_space(column))
