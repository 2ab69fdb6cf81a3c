"""An evaluation's candidates as points of a trade-off."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from django.urls import reverse

from evals.domain.costs import AcceptedRule
from evals.domain.metrics import COST_PER_1K
from evals.domain.specs import Comparator
from evals.domain.tradeoffs import Axis, Figure, Point, TradeOff, accepted_outlay, trade_off
from evals.domain.verdicts import Verdict
from evals.queries.drawings import Estimate
from evals.queries.outcomes import Outcome, Results
from evals.queries.results import Document
from evals.queries.verdictfacts import P95

TASKS = 1000
LABELS = {
    Axis.ACCEPTED: "$ per accepted answer",
    Axis.TASKS: "$ per 1k tasks",
    Axis.LATENCY: "p95 latency",
}
LIMITED = {Axis.TASKS: COST_PER_1K, Axis.LATENCY: P95}


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisChoice:
    """One of the axes that the chart can have; `name` stands in the address."""

    name: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOffCard:
    """A trade-off with what else could be on its axis."""

    found: TradeOff
    choices: tuple[AxisChoice, ...]


def trade_off_card(results: Results, axis: Axis, *, cascades: Iterable[Point] = ()) -> TradeOffCard:
    """Return the card of an evaluation that has ended, without a query."""
    return TradeOffCard(
        found=trade_off_of(results, axis, cascades=cascades),
        choices=tuple(
            AxisChoice(name=each.value, label=LABELS[each], is_current=each is axis)
            for each in Axis
        ),
    )


def axis_named(name: str | None) -> Axis:
    """Return the axis of that name, dollars per accepted answer for anything else."""
    return next((axis for axis in Axis if axis.value == name), Axis.ACCEPTED)


def trade_off_of(results: Results, axis: Axis, *, cascades: Iterable[Point] = ()) -> TradeOff:
    """Return the trade-off of an evaluation that has ended, without a query.

    `cascades` are points of their own, replayed from the answers of two candidates.
    """
    points = [_point(results, outcome, axis) for outcome in results.outcomes]
    found = trade_off(
        [*points, *cascades],
        axis=axis,
        metric=results.headline,
        threshold=results.headline_bar,
        limit=limit_of(results, axis),
    )
    return replace(found, rule=_rule(results)) if axis is Axis.ACCEPTED else found


def _rule(results: Results) -> AcceptedRule:
    is_dropped = results.spec.task.failure_cost_usd is None
    return AcceptedRule.DROPPED if is_dropped else AcceptedRule.REDONE


def _point(results: Results, outcome: Outcome, axis: Axis) -> Point:
    is_cost = axis is not Axis.LATENCY
    return Point(
        name=outcome.spec.name,
        link=reverse("evals:run", args=[outcome.run.pk]),
        quality=_rate(outcome.estimate(results.headline)),
        outlay=_outlay(results, outcome, axis),
        verdict=Verdict(outcome.verdict) if outcome.verdict else None,
        is_open=outcome.spec.model.open,
        is_incumbent=outcome.run.is_incumbent,
        is_estimated=is_cost and outcome.document["cost"]["estimated"],
        is_simulated=outcome.spec.is_simulated,
    )


def _outlay(results: Results, outcome: Outcome, axis: Axis) -> Figure | None:
    if axis is Axis.LATENCY:
        return _seconds(outcome.estimate(P95))
    cost = outcome.document["cost"]
    per_1k = _per_1k(cost)
    return per_1k if axis is Axis.TASKS else _per_accepted(results, outcome, per_1k)


def _per_1k(cost: Document) -> Figure | None:
    """Return the cost with its interval; results of earlier versions have none."""
    value = cost["per_1k_tasks_usd"]
    if value is None:
        return None
    low, high = cost.get("per_1k_tasks_low_usd"), cost.get("per_1k_tasks_high_usd")
    return Figure(
        value=value,
        low=value if low is None else min(low, value),
        high=value if high is None else max(high, value),
    )


def _per_accepted(results: Results, outcome: Outcome, per_1k: Figure | None) -> Figure | None:
    value = outcome.document["cost"]["per_accepted_usd"]
    accepted = _rate(outcome.estimate(results.spec.scorers[0].name))
    if value is None or per_1k is None or accepted is None:
        return None
    failure = results.spec.task.failure_cost_usd
    cost = Figure(value=per_1k.value / TASKS, low=per_1k.low / TASKS, high=per_1k.high / TASKS)
    return accepted_outlay(
        cost, accepted, value=value, failure_usd=None if failure is None else float(failure)
    )


def _rate(estimate: Estimate) -> Figure | None:
    """Return the rate; one without an interval may be anything, and is drawn so."""
    if estimate.value is None:
        return None
    low = 0.0 if estimate.low is None else estimate.low
    return Figure(
        value=estimate.value, low=low, high=1.0 if estimate.high is None else estimate.high
    )


def _seconds(estimate: Estimate) -> Figure | None:
    """Return the quantile; a sample too small to bound it bounds nothing."""
    if estimate.value is None:
        return None
    low = 0.0 if estimate.low is None else estimate.low
    return Figure(
        value=estimate.value, low=low, high=inf if estimate.high is None else estimate.high
    )


def limit_of(results: Results, axis: Axis) -> float | None:
    """Return the most that the bar allows on the axis over all samples, None where it is silent."""
    metric = LIMITED.get(axis)
    limits = [
        criterion.threshold
        for criterion in results.spec.bar
        if criterion.metric == metric
        and not criterion.slice
        and not criterion.is_paired
        and criterion.comparator is Comparator.AT_MOST
    ]
    return min(limits) if limits else None
