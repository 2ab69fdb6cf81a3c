"""Samples in blocks: their columns as text for storing, and the lines that are hashed.

What comes out is what `read_samples` and `ContentHash` make of the same rows, at a fraction of the
price, since each step runs over a whole column.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from evals.domain.evalsets import (
    KEY_COLUMN,
    SampleReader,
    SampleRow,
    canonical_json,
    hashed_line,
)
from evals.domain.mappings import Mapping, check_mapping
from evals.domain.problems import Problem
from evals.domain.rows import Row, RowBlock, RowFile
from evals.domain.samplecolumns import CRLF, SampleWriter
from evals.domain.textcolumns import is_filled, text_array

MOST_ROWS = 500
MOST_BYTES = 1 << 18
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
NAMES_BYTES = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBlock:
    """Samples that follow each other: their row numbers, and columns with an item for each.

    `inputs` and `slices` are JSON, a null is no cluster; `hashed` are the lines that these samples
    add to the hash.
    """

    rows: np.ndarray
    keys: pa.StringArray | None
    inputs: pa.StringArray
    targets: pa.StringArray
    slices: pa.StringArray
    clusters: pa.StringArray
    hashed: bytes | memoryview


def read_sample_blocks(rows: RowFile, mapping: Mapping) -> Iterator[SampleBlock | Problem]:
    """Return the samples of a file in its order, and a problem for each bad row.

    Raises:
        InputError: As `read_samples`.
    """
    check_mapping(rows.columns, mapping)
    samples = _Samples(rows.columns, mapping)
    return _gathered(samples.read(rows.rows if rows.blocks is None else rows.blocks))


class _Samples:
    """Makes blocks of samples from blocks of rows; the unusual is read row by row."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        self._columns = columns
        self._rows = SampleReader(mapping, has_keys=KEY_COLUMN in columns)
        self._required = [columns.index(name) for name in self._rows.required]
        self._key = columns.index(KEY_COLUMN) if KEY_COLUMN in columns else None
        self._writer = SampleWriter(columns, mapping)
        # Each sample has the names, too, and they may be much longer than its cells.
        self._most_rows = max(1, NAMES_BYTES // len(canonical_json(list(columns)).encode()))
        # Where a name has such a line end, the hash is of another name, or of fewer columns.
        self._has_plain_names = not any(CRLF in name for name in columns)

    def read(
        self, items: Iterable[RowBlock | Row | Problem]
    ) -> Iterator[SampleBlock | SampleRow | Problem]:
        """Yield what is in the items, in their order."""
        for item in items:
            if isinstance(item, RowBlock):
                for piece in item.pieces(self._most_rows):
                    yield from self._read(piece)
            else:
                yield item if isinstance(item, Problem) else self._rows.read(item)

    def _read(self, block: RowBlock) -> Iterator[SampleBlock | SampleRow | Problem]:
        """Return the samples of the block; what is unusual about it costs only the rows around."""
        if (samples := self._block(block) if self._has_plain_names else None) is not None:
            yield samples
        elif len(block.lines) > MOST_ROWS:
            for piece in block.pieces(MOST_ROWS):
                yield from self._read(piece)
        else:
            yield from map(self._rows.read, self._one_by_one(block))

    def _block(self, block: RowBlock) -> SampleBlock | None:
        """Return the samples of the block, or None where not every row is a sample."""
        cells = block.columns
        if not all(is_filled(cells[place]) for place in self._required):
            return None
        keys = None if self._key is None else cells[self._key]
        if keys is not None and not self._rows.keys.take_new(keys.to_pylist(), block.lines):
            return None
        texts = self._writer.texts(cells)
        return SampleBlock(
            rows=np.arange(block.first, block.first + len(cells[0])),
            keys=keys,
            inputs=texts.inputs,
            targets=texts.targets,
            slices=texts.slices,
            clusters=texts.clusters,
            hashed=texts.lines,
        )

    def _one_by_one(self, block: RowBlock) -> Iterator[Row]:
        cells = zip(*(column.to_pylist() for column in block.columns), strict=True)
        rows = zip(block.lines, cells, strict=True)
        for number, (line, row) in enumerate(rows, start=block.first):
            yield Row(number, line, dict(zip(self._columns, row, strict=True)))


def _gathered(
    items: Iterable[SampleBlock | SampleRow | Problem],
) -> Iterator[SampleBlock | Problem]:
    """Yield single samples as blocks, too, of bounded size."""
    held: list[tuple[SampleRow, bytes]] = []
    size = 0
    for item in items:
        if isinstance(item, SampleRow):
            held.append((item, hashed_line(item)))
            size += len(held[-1][1])
        if held and (isinstance(item, SampleBlock) or size > MOST_BYTES or len(held) >= MOST_ROWS):
            yield _block_of(held)
            held, size = [], 0
        if not isinstance(item, SampleRow):
            yield item
    if held:
        yield _block_of(held)


def _block_of(held: Sequence[tuple[SampleRow, bytes]]) -> SampleBlock:
    samples = [sample for sample, _ in held]
    keys = [sample.key for sample in samples if sample.key is not None]
    return SampleBlock(
        rows=np.array([sample.row for sample in samples]),
        keys=text_array(keys) if keys else None,  # every sample of a file has one, or none has
        inputs=text_array([COMPACT.encode(sample.input) for sample in samples]),
        targets=text_array([sample.target for sample in samples]),
        slices=text_array([canonical_json(sample.slices) for sample in samples]),
        clusters=text_array([sample.cluster for sample in samples]),
        hashed=b"".join(line for _, line in held),
    )
