"""What a decision would bring, for a report: costs at the task's volume, control, and shocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from evals.domain.reportdocuments import Fact, Section, Table
from evals.domain.survival import Survival
from evals.queries.controlcards import ControlCard, control_card
from evals.queries.costcards import CostCard, cost_card
from evals.queries.hostedlines import CostTexts
from evals.queries.outcomes import Results
from evals.queries.positions import positions_of
from evals.queries.scenariowords import LABELS
from evals.queries.taskshocks import TaskShock, task_shocks

MOST_RISKS = 3
SHOCKS_TITLE = "What a shock would do"
WORST_FIRST = ("missed", "unsettled", "", "met")  # how a task comes out of a shock
COMES_OUT = {
    LABELS[Survival.UNKNOWN]: "it is not known whether the task survives",
    LABELS[Survival.UNHARMED]: "the task is not harmed",
}
# The verdict and survival are two questions, and a reader would take one for the other.
SURVIVAL = (
    "Surviving is another question: whether the task as it runs today goes on,"
    " or a fallback takes over in time."
)
QUESTION = "whether the task can move"
COSTS = ("Candidate", "A task", "1,000 tasks", "An accepted answer", "A month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """Sections of their own, and what of them belongs on the first page."""

    sections: tuple[Section, ...]
    risks: Section
    control: ControlCard | None

    def autonomy(self, candidate: str) -> tuple[Fact, ...]:
        """Return the rung before and after a move to the candidate."""
        if self.control is None:
            return ()
        columns = self.control.columns
        now = next((column.rung for column in columns if column.is_incumbent), None)
        then = next((column.rung for column in columns if column.name == candidate), "unknown")
        value = then if now is None else f"{now} → {then}"
        return (Fact(label="Autonomy rung", value=value, note=self.control.sentence),)


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
        risks=_risks(shocks),
        control=control,
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
                columns=("Fact", *(column.name for column in card.columns)),
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
        title=SHOCKS_TITLE,
        paragraphs=("Replayed on stored results; nothing was asked again.",),
        tables=(Table(title="", columns=columns, rows=rows),),
    )


def _risks(shocks: tuple[TaskShock, ...]) -> Section:
    """Return the worst shocks: what a task does not survive first, then what flips the answer."""
    worst = sorted(shocks, key=lambda each: (WORST_FIRST.index(each.state), not each.before))
    said = [f"{shock.name}: {_comes_out(shock)}." for shock in worst[:MOST_RISKS]]
    return Section(
        key="risks",
        title="What could go wrong",
        paragraphs=(_flip(worst), SURVIVAL) if said else (_flip(worst),),
        points=(*said, *_unsaid(len(worst) - len(said)))
        or ("No shock of the catalogue changes anything for this task.",),
    )


def _unsaid(more: int) -> tuple[str, ...]:
    """Return where the shocks stand that the first page has no room for."""
    return (f"{more} more in the table of shocks, under {SHOCKS_TITLE}.",) if more else ()


def _comes_out(shock: TaskShock) -> str:
    """Return how the task comes out of a shock, and why."""
    end = COMES_OUT.get(shock.label, f"the task {shock.label}")
    return f"{end} ({shock.words})" if shock.words else end


def _flip(worst: Sequence[TaskShock]) -> str:
    """Return which shock turns the answer around."""
    flips = [shock for shock in worst if shock.before]
    if not flips:
        return f"No shock of the catalogue flips the answer to {QUESTION}, as far as is known."
    first, more = flips[0], len(flips) - 1
    others = f" So do {more} more." if more > 1 else " So does one more." if more else ""
    change = f"from {_word(first.before)} to {_word(first.after)}"
    return f"The shock that flips the answer to {QUESTION}: {first.name}, {change}.{others}"


def _word(answer: str) -> str:
    return answer.upper().replace("_", "-").replace("NO GO", "NO-GO")
