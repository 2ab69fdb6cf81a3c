"""The answer of a task at a glance: the leading candidate's bar, and what a move would control."""

from dataclasses import dataclass

from evals.queries.candidaterows import ComparisonTable
from evals.queries.controlcards import ControlCard, ControlColumn
from evals.queries.verdictcards import VerdictCard


@dataclass(frozen=True, slots=True, kw_only=True)
class GlanceLine:
    """One line of the bar as the leading candidate stands against it."""

    text: str
    is_advisory: bool
    state: str
    value: str
    bound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What stands beside the chart. `ladders`: the leading candidate's, then the incumbent's."""

    candidate: str
    lines: tuple[GlanceLine, ...]
    ladders: tuple[ControlColumn, ...]


def glance(
    cards: tuple[VerdictCard, ...], table: ComparisonTable, control: ControlCard | None
) -> Glance | None:
    """Return the glance on the first card's candidate; None where nobody but the incumbent ran."""
    if not cards:
        return None
    leading = cards[0].candidate.name
    columns = control.columns if control else ()
    chosen = [column for column in columns if column.name == leading or column.is_incumbent]
    return Glance(
        candidate=leading,
        lines=_lines(table, leading),
        ladders=tuple(sorted(chosen, key=lambda column: column.is_incumbent)),
    )


def _lines(table: ComparisonTable, leading: str) -> tuple[GlanceLine, ...]:
    return tuple(
        GlanceLine(
            text=row.text,
            is_advisory=row.is_advisory,
            state=cell.state,
            value=cell.value,
            bound=cell.bound,
        )
        for row in table.bar
        for cell in row.cells
        if cell.candidate == leading
    )
