"""The samples of a block of rows as columns of JSON and text."""

from collections.abc import Mapping as Named
from collections.abc import Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring
from typing import TypeAlias

import pyarrow as pa
from pyarrow import compute

from evals.domain.mappings import Mapping
from evals.domain.textcolumns import filled, joined, text_array, whole

CRLF = "\r\n"
ESCAPED = bytes(range(0x20)) + b'"\\'
# What each item is made of. A block and all that is made of it is more than a cache holds: columns
# go through memory once, joined with all that stands around them.
Parts: TypeAlias = tuple[pa.StringArray | str, ...]


@dataclass(frozen=True, slots=True)
class SampleTexts:
    """An item for each sample: inputs and slices as JSON, a null where the cluster is blank.

    Inputs have their columns in the file's order, as people look for them. `lines` are those of
    all samples for the hash.
    """

    inputs: pa.StringArray
    targets: pa.StringArray
    slices: pa.StringArray
    clusters: pa.StringArray
    lines: memoryview


class SampleWriter:
    """Writes samples as compact JSON; the lines for the hash have their names sorted."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        places = {name: place for place, name in enumerate(columns)}
        self._inputs, self._hashed_inputs = places, dict(sorted(places.items()))
        self._slices = {name: places[name] for name in sorted(set(mapping.slices))}
        self._target = places[mapping.target]
        self._cluster = None if mapping.cluster is None else places[mapping.cluster]

    def texts(self, cells: Sequence[pa.StringArray]) -> SampleTexts:
        """Return the texts of samples given by their columns; in the hash CRLF counts as LF."""
        encoded = [_encoded(column) for column in cells]
        made = self._texts(cells, encoded)
        if all(len(parts) > 1 for parts in encoded):  # nothing is escaped
            return made
        plain = [compute.replace_substring(column, CRLF, "\n") for column in cells]
        if all(map(pa.Array.equals, plain, cells)):
            return made
        return replace(made, lines=self._texts(plain, list(map(_encoded, plain))).lines)

    def _texts(self, cells: Sequence[pa.StringArray], encoded: Sequence[Parts]) -> SampleTexts:
        inputs = joined(*_object(self._inputs, encoded))
        hashed = _object(self._hashed_inputs, encoded)
        slices = self._slice_texts(cells, encoded)
        clusters, told = self._clusters(cells, encoded)
        target = encoded[self._target]
        lines = joined(*_merged("[", *hashed, ",", *target, ",", slices, ",", *told, "]\n"))
        return SampleTexts(inputs, cells[self._target], slices, clusters, whole(lines))

    def _clusters(
        self, cells: Sequence[pa.StringArray], encoded: Sequence[Parts]
    ) -> tuple[pa.StringArray, Parts]:
        """Return the clusters as text and as JSON."""
        if self._cluster is None:
            return pa.nulls(len(cells[0]), pa.string()), ("null",)
        clusters, texts = filled(cells[self._cluster]), encoded[self._cluster]
        if not clusters.null_count:
            return clusters, texts
        return clusters, (compute.if_else(clusters.is_null(), "null", joined(*texts)),)

    def _slice_texts(
        self, cells: Sequence[pa.StringArray], encoded: Sequence[Parts]
    ) -> pa.StringArray:
        if not self._slices:
            return text_array(["{}"] * len(cells[0]))
        columns = {name: filled(cells[place]) for name, place in self._slices.items()}
        if not any(column.null_count for column in columns.values()):
            return joined(*_object(self._slices, encoded))
        members = [
            _members(name, column, encoded[self._slices[name]]) for name, column in columns.items()
        ]
        each = zip(*members, strict=True)
        return text_array([f"{{{','.join(filter(None, texts))}}}" for texts in each])


def _encoded(column: pa.StringArray) -> Parts:
    """Return the cells as JSON strings; they need their quotes alone if nothing is escaped."""
    content = bytes(whole(column))
    if len(content) == len(content.translate(None, ESCAPED)):
        return '"', column, '"'
    return (text_array(list(map(encode_basestring, column.to_pylist()))),)


def _object(places: Named[str, int], encoded: Sequence[Parts]) -> Parts:
    """Return objects of these names, each with the values that are in the column at its place."""
    parts: list[pa.StringArray | str] = []
    for name, place in places.items():
        parts += [f"{',' if parts else '{'}{encode_basestring(name)}:", *encoded[place]]
    return _merged(*parts, "}")


def _merged(*parts: pa.StringArray | str) -> Parts:
    """Return the parts with texts that follow each other as one."""
    merged: list[pa.StringArray | str] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def _members(name: str, filled_column: pa.StringArray, encoded: Parts) -> Sequence[str]:
    """Return this member of each object, and nothing where its cell is blank."""
    members = joined(*_merged(f"{encode_basestring(name)}:", *encoded))
    return list(compute.if_else(filled_column.is_null(), "", members).to_pylist())
