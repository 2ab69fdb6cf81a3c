"""What a decision would bring, for a report: costs at the task's volume, control, and shocks."""

from dataclasses import dataclass
from datetime import date

from evals.domain.reportdocuments import Fact, Section, Table
from evals.queries.controlcards import ControlCard, control_card
from evals.queries.costcards import CostCard, cost_card
from evals.queries.hostedlines import CostTexts
from evals.queries.outcomes import Results
from evals.queries.positions import positions_of
from evals.queries.taskshocks import TaskShock, task_shocks

MOST_RISKS = 3
WORST_FIRST = ("missed", "unsettled", "", "met")  # how a task comes out of a shock
COSTS = ("Candidate", "A task", "1,000 tasks", "An accepted answer", "A month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """Sections of their own, and what of them belongs on the first page."""

    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    risks: tuple[str, ...]


def consequences_of(results: Results, *, today: date) -> Consequences:
    """Return what follows; select the task's team and `positions.INCUMBENT` beforehand."""
    task = results.evaluation.task
    costs, control = cost_card(task, results), control_card(task, today=today)
    (position,) = positions_of(task.team, [task], [results.evaluation.pk])
    shocks = task_shocks(position, today=today)
    return Consequences(
        sections=(
            _costs(costs),
            *((_control(control),) if control else ()),
            *((_shocks(shocks),) if shocks else ()),
        ),
        facts=_facts(control),
        risks=_risks(shocks),
    )


def _costs(card: CostCard) -> Section:
    rows = []
    for row in card.rows:
        rows.append(_cost_row(row.name.name, row.costs, is_estimated=row.is_estimated))
        if row.hosted and row.hosted.costs:
            name = f"{row.name.name}, hosted on {row.hosted.hardware}"
            costs = row.hosted.costs
            rows.append(_cost_row(name, costs, is_estimated=row.hosted.is_estimated))
    return Section(
        key="consequences",
        title=f"What it costs, {card.volume}",
        paragraphs=tuple(filter(None, (card.missing, card.rule))),
        tables=(Table(title="", columns=COSTS, rows=tuple(rows), numeric=(1, 2, 3, 4)),),
    )


def _cost_row(name: str, costs: CostTexts, *, is_estimated: bool) -> tuple[str, ...]:
    mark = " (est.)" if is_estimated else ""
    return (
        f"{name}{mark}",
        costs.per_task,
        costs.per_1k,
        costs.per_accepted,
        costs.monthly,
    )


def _control(card: ControlCard) -> Section:
    return Section(
        key="control",
        title="What can be reproduced without the lab",
        paragraphs=tuple(filter(None, (card.sentence,))),
        tables=(
            Table(
                title="",
                columns=("", *(column.name for column in card.columns)),
                rows=tuple(
                    (row.label, *(cell.words for cell in row.cells))
                    for row in (*card.rungs, *card.facts)
                ),
            ),
        ),
    )


def _shocks(shocks: tuple[TaskShock, ...]) -> Section:
    rows = tuple(
        (
            shock.name,
            f"{shock.before} → {shock.after}" if shock.before else "as before",
            shock.spend,
            shock.label,
            shock.words,
        )
        for shock in shocks
    )
    columns = ("Shock", "Can it move?", "Spend a month", "The task", "Why")
    return Section(
        key="shocks",
        title="What a shock would do",
        paragraphs=("Replayed on stored results; nothing was asked again.",),
        tables=(Table(title="", columns=columns, rows=rows),),
    )


def _facts(card: ControlCard | None) -> tuple[Fact, ...]:
    """Return the rung of the incumbent and the highest of the others."""
    if card is None or not card.columns:
        return ()
    rungs = [f"{column.name}: {column.rung}" for column in card.columns]
    return (Fact(label="Control", value="; ".join(rungs[:MOST_RISKS]), note=card.sentence),)


def _risks(shocks: tuple[TaskShock, ...]) -> tuple[str, ...]:
    """Return the worst shocks: what a task does not survive first, then what flips the answer."""
    worst = sorted(shocks, key=lambda each: (WORST_FIRST.index(each.state), not each.before))
    said = [f"{shock.name}: {_effect(shock)}" for shock in worst[:MOST_RISKS]]
    return tuple(f"Risk: {risk}" for risk in said)


def _effect(shock: TaskShock) -> str:
    flipped = f"the answer goes from {shock.before} to {shock.after}; " if shock.before else ""
    return f"{flipped}{shock.words or shock.label}"
