"""The lines of a bar as people read them, each as a candidate stands against it."""

from dataclasses import dataclass

from evals.domain.metrics import LATENCY_QUANTILES
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries import figures
from evals.queries.outcomes import Outcome, Results, lines_of
from evals.queries.results import Document

SIGNS = {Comparator.AT_LEAST: "≥", Comparator.AT_MOST: "≤"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLine:
    """One line of the bar as a candidate stands against it."""

    text: str
    is_advisory: bool
    state: str
    value: str
    bound: str
    n: str
    method: str
    probability: str


def bar_lines(results: Results, outcome: Outcome) -> tuple[BarLine, ...]:
    """Return every line of the bar with the candidate's value, bound and state."""
    return tuple(_bar_line(criterion, line) for criterion, line in lines_of(results, outcome))


def criterion_text(criterion: CriterionSpec) -> str:
    """Return "exact match ≥ 0.85"."""
    limit = figures.threshold(criterion.metric, criterion.threshold)
    return f"{figures.metric_label(criterion.metric)} {SIGNS[criterion.comparator]} {limit}"


def bound_text(criterion: CriterionSpec, line: Document) -> str:
    """Return the bound that a line was judged by; a latency's bounds the share within its limit."""
    if line["bound"] is None:
        return "bound unknown"
    if criterion.metric in LATENCY_QUANTILES:
        limit = figures.threshold(criterion.metric, criterion.threshold)
        return f"{line['bound']:.1%} within {limit}".replace("%", " %")
    return f"bound {figures.metric_value(criterion.metric, line['bound'])}"


def _bar_line(criterion: CriterionSpec, line: Document) -> BarLine:
    chance = line.get("probability")
    return BarLine(
        text=criterion_text(criterion),
        is_advisory=criterion.advisory,
        state=line["state"],
        value=figures.metric_value(criterion.metric, line["value"]),
        bound="" if line["bound"] is None else bound_text(criterion, line),
        n=figures.count(line["n"]),
        method=line["method"],
        probability="" if chance is None else _chance(criterion, chance),
    )


def _chance(criterion: CriterionSpec, chance: float) -> str:
    limit = figures.threshold(criterion.metric, criterion.threshold)
    return f"The chance that the true rate is at least {limit} is {figures.probability(chance)}."
