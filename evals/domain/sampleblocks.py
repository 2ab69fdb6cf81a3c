"""Samples in blocks: their columns as text for storing, and the lines that are hashed.

What comes out is what `read_samples` and `ContentHash` make of the same rows, at a fraction of the
price, since each step runs over a whole column.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evals.domain.evalsets import KEY_COLUMN, SampleReader, SampleRow, hashed_line
from evals.domain.mappings import Mapping, check_mapping
from evals.domain.problems import Problem
from evals.domain.rows import Row, RowBlock, RowFile
from evals.domain.samplecolumns import CRLF, Column, SampleWriter, is_filled

MOST_ROWS = 500
MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBlock:
    """Samples that follow each other: their row numbers, and columns with an item for each.

    `inputs` and `slices` are JSON; `hashed` are the lines that these samples add to the hash.
    """

    rows: Sequence[int]
    keys: Sequence[str] | None
    inputs: Column
    targets: Column
    slices: Column
    clusters: Sequence[str | None]
    hashed: bytes


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
        self._target = columns.index(mapping.target)
        self._cluster = None if mapping.cluster is None else columns.index(mapping.cluster)
        self._writer = SampleWriter(columns, mapping)
        # Where a name has such a line end, the hash is of another name, or of fewer columns.
        self._has_plain_names = not any(CRLF in name for name in columns)

    def read(
        self, items: Iterable[RowBlock | Row | Problem]
    ) -> Iterator[SampleBlock | SampleRow | Problem]:
        """Yield what is in the items, in their order."""
        for item in items:
            if isinstance(item, RowBlock):
                block = self._block(item) if self._has_plain_names else None
                yield from (block,) if block else map(self._rows.read, self._one_by_one(item))
            else:
                yield item if isinstance(item, Problem) else self._rows.read(item)

    def _block(self, block: RowBlock) -> SampleBlock | None:
        """Return the samples of the block, or None where not every row is a sample."""
        cells: list[Column] = list(zip(*block.fields, strict=True))
        if not all(is_filled(cells[place]) for place in self._required):
            return None
        keys = None if self._key is None else cells[self._key]
        if keys is not None and not self._rows.keys.take_new(keys, block.lines):
            return None
        texts = self._writer.texts(cells)
        return SampleBlock(
            rows=range(block.first, block.first + len(block.fields)),
            keys=keys,
            inputs=texts.inputs,
            targets=cells[self._target],
            slices=texts.slices,
            clusters=self._clusters(cells),
            hashed=texts.lines.encode(),
        )

    def _clusters(self, cells: Sequence[Column]) -> Sequence[str | None]:
        if self._cluster is None:
            return [None] * len(cells[0])
        column = cells[self._cluster]
        return column if is_filled(column) else [c if is_filled([c]) else None for c in column]

    def _one_by_one(self, block: RowBlock) -> Iterator[Row]:
        places = zip(block.lines, block.fields, strict=True)
        for number, (line, fields) in enumerate(places, start=block.first):
            yield Row(number, line, dict(zip(self._columns, fields, strict=True)))


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
        rows=[sample.row for sample in samples],
        keys=keys or None,  # every sample of a file has one, or none has
        inputs=[json.dumps(sample.input, ensure_ascii=False) for sample in samples],
        targets=[sample.target for sample in samples],
        slices=[json.dumps(sample.slices, ensure_ascii=False) for sample in samples],
        clusters=[sample.cluster for sample in samples],
        hashed=b"".join(line for _, line in held),
    )
