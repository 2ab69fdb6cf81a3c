"""The samples of a block of rows as JSON text, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from json.encoder import encode_basestring
from typing import TypeAlias

from evals.domain.mappings import Mapping

CRLF = "\r\n"
CRLF_IN_JSON = r"\r\n"
LONG = 40  # characters of a cell, from which on looking first is quicker
ESCAPED = bytes(range(0x20)) + b'"\\'
Column: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True)
class SampleTexts:
    """For each sample its input and slices as JSON, and the lines of all for the hash."""

    inputs: Column
    slices: Column
    lines: str


class SampleWriter:
    """Writes samples as canonical JSON does: sorted names, no spaces, each cell encoded once."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        self._order = sorted(range(len(columns)), key=columns.__getitem__)
        self._input = _object_template([columns[place] for place in self._order])
        slices = sorted(set(mapping.slices))
        self._slices = {name: columns.index(name) for name in slices}
        self._all_slices = _object_template(slices)
        self._target = columns.index(mapping.target)
        self._cluster = None if mapping.cluster is None else columns.index(mapping.cluster)

    def texts(self, cells: Sequence[Column]) -> SampleTexts:
        """Return the texts of samples given by their columns; in the hash CRLF counts as LF."""
        made = self._texts(cells)
        if CRLF_IN_JSON not in made.lines:
            return made
        plain = [[cell.replace(CRLF, "\n") for cell in column] for column in cells]
        return SampleTexts(made.inputs, made.slices, self._texts(plain).lines)

    def _texts(self, cells: Sequence[Column]) -> SampleTexts:
        encoded = [_encoded(column) for column in cells]
        ordered = (encoded[place] for place in self._order)
        inputs = list(map(self._input.__mod__, zip(*ordered, strict=True)))
        slices = self._slice_texts(cells, encoded)
        parts = zip(
            *(repeat("["), inputs, repeat(","), encoded[self._target], repeat(","), slices),
            *(repeat(","), self._cluster_texts(cells, encoded), repeat("]\n")),
            strict=False,  # the signs between are endless
        )
        return SampleTexts(inputs, slices, "".join(chain.from_iterable(parts)))

    def _slice_texts(self, cells: Sequence[Column], encoded: Sequence[Column]) -> Column:
        if not self._slices:
            return ["{}"] * len(cells[0])
        if all(is_filled(cells[place]) for place in self._slices.values()):
            texts = (encoded[place] for place in self._slices.values())
            return list(map(self._all_slices.__mod__, zip(*texts, strict=True)))
        members = [
            _filled_members(name, cells[place], encoded[place])
            for name, place in self._slices.items()
        ]
        return [f"{{{','.join(filter(None, texts))}}}" for texts in zip(*members, strict=True)]

    def _cluster_texts(self, cells: Sequence[Column], encoded: Sequence[Column]) -> Column:
        if self._cluster is None:
            return ["null"] * len(cells[0])
        column, texts = cells[self._cluster], encoded[self._cluster]
        if is_filled(column):
            return texts
        return [
            text if is_filled([cell]) else "null" for cell, text in zip(column, texts, strict=True)
        ]


def _encoded(column: Column) -> Column:
    """Return the cells as JSON strings; long ones need their quotes alone if nothing is escaped."""
    text = "".join(column)
    if len(text) > LONG * len(column):
        content = text.encode()
        if len(content) == len(content.translate(None, ESCAPED)):
            return [f'"{cell}"' for cell in column]
    return list(map(encode_basestring, column))


def is_filled(column: Column) -> bool:
    """Tell whether no cell of the column is blank."""
    return all(column) and not any(map(str.isspace, column))


def _filled_members(name: str, cells: Column, texts: Column) -> Column:
    start = f"{encode_basestring(name)}:"
    both = zip(cells, texts, strict=True)
    return [f"{start}{text}" if is_filled([cell]) else "" for cell, text in both]


def _object_template(names: Sequence[str]) -> str:
    members = (f"{encode_basestring(name).replace('%', '%%')}:%s" for name in names)
    return f"{{{','.join(members)}}}"
