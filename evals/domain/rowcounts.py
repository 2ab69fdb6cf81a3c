"""About how many rows a file has, without reading them: what work it will be."""

from functools import partial
from typing import BinaryIO

from evals.domain.rowfiles import FileKind

PIECE = 1 << 20


def rows_about(file: BinaryIO, kind: FileKind) -> int:
    """Return about how many rows a file has, rather too many than too few.

    Raises:
        InputError: When a Parquet file has no footer that can be read.
    """
    if kind is FileKind.PARQUET:
        # As in `open_rows`: pyarrow costs time and memory.
        from evals.domain.parquet import parquet_row_count  # noqa: PLC0415

        return parquet_row_count(file)
    # Lines may end in either mark, and a JSON array may have all of its objects on one line.
    marks = (b"\n", b"\r", b"{") if kind in (FileKind.JSON, FileKind.JSONL) else (b"\n", b"\r")
    counts = [0] * len(marks)
    for piece in iter(partial(file.read, PIECE), b""):
        counts = [n + piece.count(mark) for n, mark in zip(counts, marks, strict=True)]
    return max(counts)
