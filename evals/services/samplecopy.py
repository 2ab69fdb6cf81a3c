"""Samples on their way into PostgreSQL, in COPY's binary format: it costs the server least.

Source: PostgreSQL's documentation of COPY, "Binary Format".
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from struct import Struct, pack

from evals.domain.sampleblocks import SampleBlock
from evals.models import Sample
from evals.models.evalsets import sample_id
from evals.services.copying import copy_binary

COLUMNS = ("id", "version_id", "position", "row", "key", "input", "target", "slices", "cluster")
START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = pack("!h", -1)
NULL = pack("!i", -1)
INTEGER = pack("!i", 4)
JSONB_FORM = b"\1"
pack_integer = Struct("!i").pack
pack_id = Struct("!q").pack


def copy_samples(version_id: int, blocks: Iterable[SampleBlock]) -> None:
    """Write samples in their order; a broken constraint raises IntegrityError."""
    copy_binary(Sample, COLUMNS, chain((START,), _rows(version_id, blocks), (END,)))


def _rows(version_id: int, blocks: Iterable[SampleBlock]) -> Iterator[bytes]:
    start = pack("!hi", len(COLUMNS), 8)
    version = pack("!iq", 8, version_id) + INTEGER
    position = 0
    for block in blocks:
        end = position + len(block.rows)
        parts = zip(
            repeat(start),
            map(pack_id, range(sample_id(version_id, position), sample_id(version_id, end))),
            repeat(version),
            map(pack_integer, range(position, end)),
            repeat(INTEGER),
            map(pack_integer, block.rows),
            repeat(NULL) if block.keys is None else _texts(block.keys),
            *_documents(block.inputs),
            _texts(block.targets),
            _repeated_documents(block.slices),
            _texts(block.clusters),
            strict=False,  # what each row has in common is endless
        )
        yield b"".join(chain.from_iterable(parts))
        position = end


def _texts(column: Sequence[str | None]) -> Iterable[bytes]:
    """Return fields of text; in most columns values are repeated, so each is made once."""
    made = {text: _field(text) for text in set(column)}
    return map(made.__getitem__, column)


def _field(text: str | None) -> bytes:
    if text is None:
        return NULL
    content = text.encode()
    return pack_integer(len(content)) + content


def _repeated_documents(column: Sequence[str]) -> Iterable[bytes]:
    made = {text: _document(text) for text in set(column)}
    return map(made.__getitem__, column)


def _document(text: str) -> bytes:
    content = text.encode()
    return pack_integer(len(content) + 1) + JSONB_FORM + content


def _documents(column: Sequence[str]) -> tuple[Iterable[bytes], ...]:
    """Return the lengths and the texts of fields of JSON that are all different."""
    contents = list(map(str.encode, column))
    return map(pack_integer, map(len, contents)), contents
