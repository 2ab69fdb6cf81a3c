"""A sweep on the terminal: one line for each level, then the goodput in a sentence."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.queries.throughputlines import HEADINGS, NO_BAR, headline, level_line

FILE_WIDTH = 160  # where no terminal says how wide it is


def print_levels(document: Mapping[str, Any]) -> None:
    """Print the levels of a sweep and its goodput."""
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    best, bar = document["goodput"], document["settings"]["latency_bar_seconds"]
    table = Table()
    for name in (*HEADINGS, "Within the bar" if bar is not None else "Answered"):
        table.add_column(name, overflow="fold")
    for level in document["levels"]:
        line = level_line(level, best=best and best["concurrency"])
        cells = (*(cell.value for cell in line.cells), "yes" if line.state == "met" else "no")
        table.add_row(*map(Text, cells), style="bold" if line.is_best else None)
    if document["levels"]:
        console.print(table)
    mark = " (simulated)" if document["simulated"] else ""
    console.print(f"{document['candidate']}{mark}: {headline(document)}", markup=False)
    if document["levels"] and bar is None:
        console.print(NO_BAR, markup=False)
    if document["state"] != "failed" and document["message"]:
        console.print(f"The sweep ended early: {document['message']}.", markup=False)
