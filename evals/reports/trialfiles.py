"""Rows that a page shows, as CSV and as JSON lines, written as they are read."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evals.reports.cells import plain_cell


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def document_lines(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line of JSON for each value."""
    for document in documents:
        yield json.dumps(document, ensure_ascii=False) + "\n"


def document_csv(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a header and one line for each value; values within a value become columns.

    The first value names the columns: a key that only a later one has is kept out, so values should
    be alike. Texts that a spreadsheet would calculate are marked as texts.
    """
    writer = csv.writer(_Line(), lineterminator="\n")
    names: list[str] | None = None
    for document in documents:
        flat = _flat(document)
        if names is None:
            names = list(flat)
            yield writer.writerow([plain_cell(name) for name in names])
        yield writer.writerow([_cell(flat.get(name)) for name in names])


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and name == "scores":
            flat |= {f"score {inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    return flat


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    if isinstance(value, str):
        return plain_cell(value)
    return json.dumps(value, ensure_ascii=False) if value else ""
