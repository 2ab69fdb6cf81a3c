"""A plan on the terminal: sentences, and a table for each line of the bar."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.queries.plancards import PlanCard, PlanLine
from evals.queries.plancriteria import PlanCriterion

HEADINGS = ("Candidate", "Requests", "Tokens in", "Tokens out", "Dollars", "Time")
FILE_WIDTH = 120  # where no terminal says how wide it is


def print_card(card: PlanCard) -> None:
    """Print a plan; its warnings are left to standard error."""
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(f"\n{card.headline}", markup=False)
    for note in card.notes:
        console.print(note, markup=False)
    for criterion in card.criteria:
        _print_criterion(console, criterion)
    console.print()
    console.print(_table(HEADINGS, [_cells(line) for line in card.candidates]))
    rests = (f"{line.name}: {line.basis}." for line in card.candidates)
    for sentence in (card.total, *rests, *card.basis):
        console.print(sentence, markup=False)


def _print_criterion(console: Console, criterion: PlanCriterion) -> None:
    mark = " (advisory)" if criterion.is_advisory else ""
    console.print(f"\n{criterion.title}{mark}", markup=False, style="bold")
    console.print(criterion.sentence, markup=False)
    if criterion.rows:
        console.print(_table(criterion.columns, criterion.rows))


def _cells(line: PlanLine) -> tuple[str, ...]:
    figures = (line.requests, line.input_tokens, line.output_tokens, line.usd, line.time)
    return (line.name, *figures)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
