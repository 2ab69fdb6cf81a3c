"""Samples on their way into PostgreSQL, in COPY's binary format: it costs the server least.

Each step runs over a whole block of samples. Source: PostgreSQL's documentation of COPY, "Binary
Format".
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from struct import pack

import numpy as np
import pyarrow as pa
from pyarrow import compute

from evals.domain.sampleblocks import SampleBlock
from evals.domain.textcolumns import joined, whole
from evals.models import Sample
from evals.models.evalsets import sample_id
from evals.services.copying import copy_binary

COLUMNS = ("id", "version_id", "position", "row", "key", "input", "target", "slices", "cluster")
START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = pack("!h", -1)
NULL = -1
INTEGER, LONG = ">i4", ">i8"
JSONB_FORM = b"\1"


def copy_samples(version_id: int, blocks: Iterable[SampleBlock]) -> None:
    """Write samples in their order; a broken constraint raises IntegrityError."""
    copy_binary(Sample, COLUMNS, chain((START,), _rows(version_id, blocks), (END,)))


def _rows(version_id: int, blocks: Iterable[SampleBlock]) -> Iterator[memoryview]:
    start = pack("!hi", len(COLUMNS), 8)
    version = pack("!iqi", 8, version_id, 4)
    position = 0
    for block in blocks:
        places = position + np.arange(len(block.rows))
        yield whole(
            joined(
                start,
                _numbers(sample_id(version_id, 0) + places, LONG),
                version,
                _numbers(places),
                pack("!i", 4),
                _numbers(block.rows),
                *((pack("!i", NULL),) if block.keys is None else _texts(block.keys)),
                *_texts(block.inputs),
                *_texts(block.targets),
                *_texts(block.slices, form=JSONB_FORM),
                *_texts(block.clusters),
            )
        )
        position += len(places)


def _numbers(numbers: np.ndarray, kind: str = INTEGER) -> pa.BinaryArray:
    """Return numbers as the server wants them, an item for each."""
    content = numbers.astype(kind)
    width = pa.binary(content.itemsize)
    items = pa.Array.from_buffers(width, len(content), [None, pa.py_buffer(content)])
    return items.cast(pa.binary())


def _texts(column: pa.StringArray, *, form: bytes = b"") -> tuple[pa.BinaryArray | bytes, ...]:
    """Return the lengths and the texts of fields; what is null has its own length and no text."""
    lengths = compute.add(compute.binary_length(column), len(form)).fill_null(NULL)
    texts = column.cast(pa.binary()).fill_null(b"")
    return (_numbers(lengths.to_numpy()), *((form,) if form else ()), texts)
