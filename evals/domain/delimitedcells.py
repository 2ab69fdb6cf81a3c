"""The cells of a whole block of a CSV or TSV file at once, where every reader would agree on them.

Imported only when a whole file is read: pyarrow costs time and memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from evals.domain.textlines import BOM

RETURN, FEED = b"\r\n"


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows as a column of text for each name, and how many lines each row takes, if not one."""

    columns: Sequence[pa.StringArray]
    heights: np.ndarray | None

    def starts(self, line: int) -> Sequence[int]:
        """Return the line that each row starts on if the first does on `line`, and the next one."""
        if self.heights is None:
            return range(line, line + len(self.columns[0]) + 1)
        return [line, *(line + np.cumsum(self.heights)).tolist()]


def cells_of(block: bytes, *, delimiter: str, width: int) -> Cells | None:
    """Return the cells of a block of whole lines, with `width` cells in a row.

    None where something is unusual and has to be read closely: a row of another length, a blank
    line, a stray quote, a cell that the block does not end, a byte that is no text.
    """
    # pyarrow takes a byte order mark off any block, and a blank line for a row of one cell.
    if not block or block.startswith(BOM) or b"\0" in block or width == 1:
        return None
    if not _is_regular(block, delimiter.encode()):
        return None
    names = [str(place) for place in range(width)]
    try:
        table = csv.read_csv(
            pa.py_buffer(block),
            csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
            csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if b'"' in block else False,
                newlines_in_values=b'"' in block,
                ignore_empty_lines=False,
            ),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    # pyarrow gives a blank line as a row, whose first cell is empty.
    if not compute.min(compute.binary_length(columns[0])).as_py() and _has_blank_line(block):
        return None
    return Cells(columns, _heights(columns) if b'"' in block else None)


def _heights(columns: Sequence[pa.StringArray]) -> np.ndarray:
    heights = np.ones(len(columns[0]), np.int64)
    for column in columns:
        heights += compute.count_substring(column, "\n").to_numpy()
    return heights


def _is_regular(block: bytes, delimiter: bytes) -> bool:
    """Tell whether quotes frame whole cells or come doubled in such, and lines end as one does."""
    if b'"' not in block and b"\r" not in block:
        return True
    signs, quotes = _signs(block)
    if len(quotes) % 2:
        return False
    opened = _are(signs[quotes[::2] - 1], delimiter + b'\n"')
    closed = _are(signs[quotes[1::2] + 1], delimiter + b'\r\n"')
    returned = _are(signs[_outside(_places(signs, b"\r"), quotes) + 1], b"\n")
    return opened and closed and returned


def _has_blank_line(block: bytes) -> bool:
    signs, quotes = _signs(block)
    ends = _outside(_places(signs[:-2], b"\n"), quotes)
    return bool(np.isin(signs[ends + 1], (RETURN, FEED)).any())


def _signs(block: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the block with a place before and one after it, as if it stood between lines.

    And the places of its quotes.
    """
    signs = np.frombuffer(b"".join((b"\n", block, b"\n")), np.uint8)
    return signs, _places(signs, b'"')


def _places(signs: np.ndarray, sign: bytes) -> np.ndarray:
    return np.flatnonzero(signs == ord(sign))


def _outside(places: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Return those of the places that stand in no quotes."""
    return places[np.searchsorted(quotes, places) % 2 == 0] if len(quotes) else places


def _are(signs: np.ndarray, allowed: bytes) -> bool:
    """Tell whether every sign is one of those allowed."""
    return not bytes(signs).translate(None, allowed)
