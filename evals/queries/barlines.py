"""The lines of a bar as people read them, each as a candidate stands against it."""

from dataclasses import dataclass

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.measured import SPEED_QUANTILES
from evals.domain.moresamples import rounded_up
from evals.domain.slices import slice_text
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
    interval: str
    bound: str
    n: str
    needed: str
    method: str
    probability: str


def bar_lines(results: Results, outcome: Outcome) -> tuple[BarLine, ...]:
    """Return every line of the bar with the candidate's value, bound and state."""
    return tuple(
        _bar_line(results, outcome, criterion, line)
        for criterion, line in lines_of(results, outcome)
    )


def criterion_text(criterion: CriterionSpec) -> str:
    """Return "exact match ≥ 0.85 where channel is phone (alpha 0.01)"."""
    label = figures.metric_label(criterion.metric)
    where = f" where {slice_text(criterion.slice)}" if criterion.slice else ""
    alpha = "" if criterion.alpha is None else f" (alpha {criterion.alpha:g})"
    return f"{label} {_limit_text(criterion)}{where}{alpha}"


def _limit_text(criterion: CriterionSpec) -> str:
    limit = figures.threshold(criterion.metric, criterion.threshold)
    if criterion.comparator is Comparator.WITHIN:
        return f"within {limit} of the incumbent"
    return f"{SIGNS[criterion.comparator]} {limit}"


def bound_text(criterion: CriterionSpec, line: Document) -> str:
    """Return the bound that a line was judged by; a latency's bounds the share within its limit.

    What an accepted answer costs is bounded by how far a task stays under its limit.
    """
    if line["bound"] is None:
        return "bound unknown"
    if criterion.metric in SPEED_QUANTILES:
        limit = figures.threshold(criterion.metric, criterion.threshold)
        return f"{line['bound']:.1%} within {limit}".replace("%", " %")
    if line.get("rule") == AcceptedRule.DROPPED:
        return balance_text(line["bound"])
    return f"bound {value_text(criterion, line['bound'])}"


def balance_text(bound: float) -> str:
    """Return a bound on what a task costs beyond its limit for accepted answers, in words."""
    side = "over" if bound > 0 else "under"
    return f"{figures.usd(abs(bound))} a task {side} the limit"


def value_text(criterion: CriterionSpec, value: float | None) -> str:
    """Return a figure of a criterion; that of a margin is a difference, and has a sign."""
    if criterion.comparator is Comparator.WITHIN:
        return figures.difference(value)
    return figures.metric_value(criterion.metric, value)


def chance_text(criterion: CriterionSpec, line: Document) -> str:
    """Return what the chance is that the true rate clears the bar, "" where it is not given."""
    chance = line.get("probability")
    if chance is None:
        return ""
    limit = figures.threshold(criterion.metric, criterion.threshold)
    where = f" where {slice_text(criterion.slice)}" if criterion.slice else ""
    return (
        f"The chance that the true rate{where} is at least {limit} is "
        f"{figures.probability(chance)}, if any rate was as likely before."
    )


def _bar_line(
    results: Results, outcome: Outcome, criterion: CriterionSpec, line: Document
) -> BarLine:
    return BarLine(
        text=criterion_text(criterion),
        is_advisory=criterion.advisory,
        # The incumbent is not compared with itself, so there is nothing to settle.
        state="" if criterion.is_paired and outcome.name.is_incumbent else line["state"],
        value=value_text(criterion, line["value"]),
        bound="" if line["bound"] is None else bound_text(criterion, line),
        interval=_interval(criterion, line),
        n=figures.count(line["n"]),
        method=line["method"],
        needed=needed_words(results, criterion, line),
        probability=chance_text(criterion, line),
    )


def _interval(criterion: CriterionSpec, line: Document) -> str:
    low, high = line.get("low"), line.get("high")
    if low is None or high is None:
        return ""
    start = value_text(criterion, low).removesuffix(" s")
    return f"[{start}, {value_text(criterion, high).removesuffix(' s')}]"


def needed_words(results: Results, criterion: CriterionSpec, line: Document) -> str:
    """Return how many samples would settle a line, "" where none is known or needed.

    A fixed n is read once: there those that were asked about are needed anew.
    """
    plan, more = results.spec.plan, line["samples_needed"]
    if line["state"] != CriterionState.UNSETTLED or more is None:
        return ""
    part = " of the slice" if criterion.slice else ""
    if plan.stop_early:
        return f"about {figures.plural(rounded_up(more), 'more sample')}{part}"
    total = figures.plural(rounded_up(more + line["n"] // plan.epochs), "sample")
    return f"a new evaluation of about {total}{part}"
