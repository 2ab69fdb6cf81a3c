"""What makes rows an eval set: samples with a target, and a hash of what they say."""

import hashlib
import json
from collections.abc import Iterator
from reprlib import Repr
from typing import Any, NamedTuple

from evals.domain.mappings import Mapping, check_mapping, guess_mapping
from evals.domain.problems import Problem
from evals.domain.rows import JSONValue, Row, RowFile
from evals.domain.samplekeys import KnownKeys

__all__ = [
    "ContentHash",
    "Mapping",
    "SampleRow",
    "check_mapping",
    "guess_mapping",
    "read_samples",
    "text_of",
]

KEY_COLUMN = "id"
SHORT = Repr()
SHORT.maxstring = 80
canonical_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


class SampleRow(NamedTuple):  # made a million times: half the price of a frozen dataclass
    """One row that can be asked and scored; `input` holds all its columns as read.

    A blank cell of a slice column puts the sample in no slice of that name; a blank cluster is
    None, and the sample then stands for itself.
    """

    row: int
    key: str | None
    input: dict[str, JSONValue]
    target: str
    slices: dict[str, str]
    cluster: str | None


def read_samples(rows: RowFile, mapping: Mapping) -> Iterator[SampleRow | Problem]:
    """Return the samples of a file in its order, with a problem in the place of each bad row.

    A column called `id` gives each sample its key, which must then be there and be unique.

    Raises:
        InputError: At once, when the file lacks a column of the mapping; while reading, when the
            rest of the file is unusable.
    """
    check_mapping(rows.columns, mapping)
    reader = SampleReader(mapping, has_keys=KEY_COLUMN in rows.columns)
    return (row if isinstance(row, Problem) else reader.read(row) for row in rows.rows)


class SampleReader:
    """Reads rows by one mapping and remembers their keys; `required` columns may not be blank."""

    def __init__(self, mapping: Mapping, *, has_keys: bool) -> None:
        self._mapping = mapping
        self._has_keys = has_keys
        self.required = (mapping.input, mapping.target, *([KEY_COLUMN] if has_keys else []))
        self.keys = KnownKeys()

    def read(self, row: Row) -> SampleRow | Problem:
        """Return the sample that `row` holds, or what keeps it from being one."""
        cells = row.cells
        try:
            for column in self.required:
                if not _is_filled(cells[column]):
                    return _problem(row, column, f"{_emptiness(cells[column])}, expected a value")
            sample = self._sample(row.number, cells)
        except KeyError as error:  # only in JSON, where each row names its own columns
            found = ", ".join(map(repr, cells))
            return _problem(row, error.args[0], f"missing from this row, which has {found}")
        return (self._repeated(row, sample.key) if sample.key is not None else None) or sample

    def _sample(self, number: int, cells: dict[str, JSONValue]) -> SampleRow:
        cluster = None if self._mapping.cluster is None else cells[self._mapping.cluster]
        slices = {name: cells[name] for name in self._mapping.slices}
        return SampleRow(
            row=number,
            key=text_of(cells[KEY_COLUMN]) if self._has_keys else None,
            input=cells,
            target=text_of(cells[self._mapping.target]),
            slices={name: text_of(cell) for name, cell in slices.items() if _is_filled(cell)},
            cluster=text_of(cluster) if _is_filled(cluster) else None,
        )

    def _repeated(self, row: Row, key: str) -> Problem | None:
        first = self.keys.first_place(key, row.number if row.line is None else row.line)
        if first is None:
            return None
        where = f"in row {first}" if row.line is None else f"on line {first}"
        message = f"{SHORT.repr(key)} stands {where} already, expected an id of its own"
        return _problem(row, KEY_COLUMN, message)


def text_of(cell: JSONValue) -> str:
    """Return text as it is, and anything else as canonical JSON (`3`, `true`, `["a","b"]`)."""
    return cell if isinstance(cell, str) else canonical_json(cell)


def _is_filled(cell: JSONValue) -> bool:
    if isinstance(cell, str):
        return cell != "" and not cell.isspace()
    return cell is not None


def _emptiness(cell: JSONValue) -> str:
    return "null" if cell is None else "blank"


def _problem(row: Row, column: str, message: str) -> Problem:
    return Problem(message=message, line=row.line, row=row.number, column=column)


class ContentHash:
    """The identity of an eval set: SHA-256 over what its samples say, in their order.

    The hashed text is lines of canonical JSON (sorted names, no spaces, UTF-8): first
    `["viability.eval_set/1", input, target, slices, cluster]` with the columns of the mapping, then
    `[cells, target, slices, cluster]` for each sample. So it does not depend on the kind of file,
    the order of columns, line ends (inside cells, too, CRLF counts as LF), a byte order mark,
    blank lines or row numbers. Types do count: `1`, `1.0` and `"1"` differ, and a CSV holds text
    alone.
    """

    def __init__(self, mapping: Mapping) -> None:
        slices = sorted(set(mapping.slices))
        self._sha256 = hashlib.sha256(
            _hashed_json(
                ["viability.eval_set/1", mapping.input, mapping.target, slices, mapping.cluster]
            )
        )

    def add(self, sample: SampleRow) -> None:
        """Take the next sample in."""
        self.add_lines(hashed_line(sample))

    def add_lines(self, lines: bytes | memoryview) -> None:
        """Take samples in by their hashed lines."""
        self._sha256.update(lines)

    def hexdigest(self) -> str:
        """Return the hash of the samples so far, as 64 hexadecimal digits."""
        return self._sha256.hexdigest()


def hashed_line(sample: SampleRow) -> bytes:
    """Return the line by which a sample counts in the hash."""
    return _hashed_json([sample.input, sample.target, sample.slices, sample.cluster])


def _hashed_json(value: Any) -> bytes:
    line = canonical_json(value)
    if "\\r\\n" in line:
        line = canonical_json(_with_line_feeds(value))
    return line.encode() + b"\n"


def _with_line_feeds(value: Any) -> Any:
    """Return `value` with every CRLF in its text as LF."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, list):
        return [_with_line_feeds(item) for item in value]
    if isinstance(value, dict):
        return {_with_line_feeds(key): _with_line_feeds(item) for key, item in value.items()}
    return value
