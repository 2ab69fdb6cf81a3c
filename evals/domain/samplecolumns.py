"""The samples of a block of rows as columns of JSON and text."""

from collections.abc import Mapping as Named
from collections.abc import Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring

import pyarrow as pa
from pyarrow import compute

from evals.domain.mappings import Mapping
from evals.domain.textcolumns import filled, joined, text_array, whole

CRLF = "\r\n"
CRLF_IN_JSON = rb"\r\n"
ESCAPED = bytes(range(0x20)) + b'"\\'


@dataclass(frozen=True, slots=True)
class SampleTexts:
    """An item for each sample: inputs and slices as JSON, a null where the cluster is blank.

    `lines` are those of all samples for the hash.
    """

    inputs: pa.StringArray
    targets: pa.StringArray
    slices: pa.StringArray
    clusters: pa.StringArray
    lines: bytes


class SampleWriter:
    """Writes samples as canonical JSON does: sorted names, no spaces, each cell encoded once."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        places = {name: place for place, name in enumerate(columns)}
        self._inputs = dict(sorted(places.items()))
        self._slices = {name: places[name] for name in sorted(set(mapping.slices))}
        self._target = places[mapping.target]
        self._cluster = None if mapping.cluster is None else places[mapping.cluster]

    def texts(self, cells: Sequence[pa.StringArray]) -> SampleTexts:
        """Return the texts of samples given by their columns; in the hash CRLF counts as LF."""
        made = self._texts(cells)
        if CRLF_IN_JSON not in made.lines:
            return made
        plain = [compute.replace_substring(column, CRLF, "\n") for column in cells]
        return replace(made, lines=self._texts(plain).lines)

    def _texts(self, cells: Sequence[pa.StringArray]) -> SampleTexts:
        encoded = [_encoded(column) for column in cells]
        inputs = _objects(self._inputs, encoded)
        slices = self._slice_texts(cells, encoded)
        clusters, told = self._clusters(cells, encoded)
        lines = joined("[", inputs, ",", encoded[self._target], ",", slices, ",", told, "]\n")
        return SampleTexts(inputs, cells[self._target], slices, clusters, bytes(whole(lines)))

    def _clusters(
        self, cells: Sequence[pa.StringArray], encoded: Sequence[pa.StringArray]
    ) -> tuple[pa.StringArray, pa.StringArray | str]:
        """Return the clusters as text and as JSON."""
        if self._cluster is None:
            return pa.nulls(len(cells[0]), pa.string()), "null"
        clusters = filled(cells[self._cluster])
        texts = encoded[self._cluster]
        if not clusters.null_count:
            return clusters, texts
        return clusters, compute.if_else(clusters.is_null(), "null", texts)

    def _slice_texts(
        self, cells: Sequence[pa.StringArray], encoded: Sequence[pa.StringArray]
    ) -> pa.StringArray:
        if not self._slices:
            return text_array(["{}"] * len(cells[0]))
        columns = {name: filled(cells[place]) for name, place in self._slices.items()}
        if not any(column.null_count for column in columns.values()):
            return _objects(self._slices, encoded)
        members = [
            _members(name, column, encoded[self._slices[name]]) for name, column in columns.items()
        ]
        each = zip(*members, strict=True)
        return text_array([f"{{{','.join(filter(None, texts))}}}" for texts in each])


def _encoded(column: pa.StringArray) -> pa.StringArray:
    """Return the cells as JSON strings; they need their quotes alone if nothing is escaped."""
    content = bytes(whole(column))
    if len(content) == len(content.translate(None, ESCAPED)):
        return joined('"', column, '"')
    return text_array(list(map(encode_basestring, column.to_pylist())))


def _objects(places: Named[str, int], encoded: Sequence[pa.StringArray]) -> pa.StringArray:
    """Return objects of these names, each with the values that are in the column at its place."""
    parts: list[pa.StringArray | str] = []
    for name, place in places.items():
        parts += [f"{',' if parts else '{'}{encode_basestring(name)}:", encoded[place]]
    return joined(*parts, "}")


def _members(name: str, filled_column: pa.StringArray, encoded: pa.StringArray) -> Sequence[str]:
    """Return this member of each object, and nothing where its cell is blank."""
    members = joined(f"{encode_basestring(name)}:", encoded)
    return list(compute.if_else(filled_column.is_null(), "", members).to_pylist())
