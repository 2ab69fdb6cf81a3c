"""Reading a figure as plotly.js does."""

import json
from typing import Any

from evals.reports.charts.chart import Chart


def traces(chart: Chart) -> list[dict[str, Any]]:
    return list(as_sent(chart)["data"])


def layout(chart: Chart) -> dict[str, Any]:
    return dict(as_sent(chart)["layout"])


def as_sent(chart: Chart) -> dict[str, Any]:
    """Return the figure after JSON, which knows no infinity."""
    sent: dict[str, Any] = json.loads(json.dumps(chart.figure, allow_nan=False))
    return sent


def cells(chart: Chart) -> list[list[str]]:
    return [[row.name, *(cell.text for cell in row.cells)] for row in chart.table.rows]
