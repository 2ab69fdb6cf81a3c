"""What a page shows of a chart: a figure for plotly.js, and the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import plotly.graph_objects as go

# The version is in the address, so that browsers may keep the file for ever.
FOLDER = f"plotly-{version('plotly')}"
SCRIPT = f"{FOLDER}/plotly.min.js"
LONG = 12  # rows from which on a table starts closed
MOST_ROWS = 13  # of a table that is thinned out
DIGITS = 6  # that count of a number to be drawn: more than a screen has pixels for


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table under a chart."""

    label: str
    is_number: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure in words, with its column's label for narrow screens."""

    label: str
    text: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `link` "" leads nowhere. A click on the point of that link follows it."""

    name: str
    cells: tuple[Cell, ...]
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The numbers of a chart. The first column is the rows' names."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def is_long(self) -> bool:
        """Whether it starts closed."""
        return len(self.rows) > LONG

    @property
    def is_thinned(self) -> bool:
        """Whether a page that shows a few rows at first leaves any out."""
        return len(self.rows) > MOST_ROWS

    @property
    def few_rows(self) -> tuple[Row, ...]:
        """A few rows, evenly spread, the first and the last among them."""
        last = len(self.rows) - 1
        if last < MOST_ROWS:
            return self.rows
        places = [round(number * last / (MOST_ROWS - 1)) for number in range(MOST_ROWS)]
        return tuple(self.rows[place] for place in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure with what it says in words. `key` is its own among the charts of a page.

    `figure` is plotly's, ready for JSON. `notes` stand between figure and table.
    """

    key: str
    title: str
    description: str
    figure: dict[str, Any]
    table: Table
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a screen reader says of the figure."""
        return f"{self.title}. {self.description} The table below holds the same numbers."

    @property
    def data_id(self) -> str:
        """The id of the block that holds the figure."""
        return f"figure-{self.key}"

    @property
    def script(self) -> str:
        """The static file that draws it."""
        return SCRIPT


def table(columns: Sequence[Column], rows: Sequence[tuple[str, Sequence[str], str]]) -> Table:
    """Return a table from each row's name, texts and link; the first column is the names'."""
    return Table(
        columns=tuple(columns),
        rows=tuple(
            Row(
                name=name,
                link=link,
                cells=tuple(
                    Cell(label=column.label, text=text, is_number=column.is_number)
                    for column, text in zip(columns[1:], texts, strict=True)
                ),
            )
            for name, texts, link in rows
        ),
    )


def as_data(figure: go.Figure) -> dict[str, Any]:
    """Return what plotly.js reads, without plotly's own theme and without idle digits."""
    data: dict[str, Any] = figure.to_plotly_json()
    data["layout"].pop("template", None)
    return {name: _shortened(part) for name, part in data.items()}


def _shortened(part: Any) -> Any:
    if isinstance(part, float):
        return float(f"{part:.{DIGITS}g}")
    if isinstance(part, list | tuple):
        return [_shortened(each) for each in part]
    if isinstance(part, dict):
        return {name: _shortened(each) for name, each in part.items()}
    return part


def plain(text: str) -> str:
    """Return a text that plotly.js shows as it is: it would read tags and entities in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
