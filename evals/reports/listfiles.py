"""The rows of a list page as a table for a spreadsheet: values, where the page has words."""

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

from evals.queries.plaindocuments import plain
from evals.reports.cells import plain_cell


def list_csv(rows: Iterable[object], *, without: Collection[str] = ()) -> str:
    """Return a column for each name that any row has, in the order in which they come.

    Those of `without` are left out.
    """
    flat = [dict(_flat(plain(row))) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row if name not in without))
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in flat:
        writer.writerow([plain_cell(row.get(name, "")) for name in names])
    return text.getvalue()


def _flat(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)
