"""Positions of tasks, for tests."""

from decimal import Decimal
from typing import Any

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.positions import OWN_HARDWARE, Option, StoredLine, TaskPosition
from evals.domain.specs import Comparator
from evals.domain.verdicts import Verdict


def score_line(low: float = 0.86, *, at_least: float = 0.85, **more: Any) -> StoredLine:
    state = CriterionState.MET if low >= at_least else CriterionState.UNSETTLED
    return StoredLine(
        **{
            "metric": "exact_match",
            "comparator": Comparator.AT_LEAST,
            "threshold": at_least,
            "state": state,
            "value": low + 0.02,
            "low": low,
            "high": low + 0.04,
            "bound": low,
            **more,
        }
    )


def cost_line(usd: float, *, at_most: float, spread: float = 0.1) -> StoredLine:
    """Return a cost of a thousand tasks, in the state that its bounds say."""
    low, high = usd * (1 - spread), usd * (1 + spread)
    state, bound = CriterionState.UNSETTLED, high
    if high <= at_most:
        state = CriterionState.MET
    elif low > at_most:
        state, bound = CriterionState.MISSED, low
    return StoredLine(
        metric="cost_per_1k_usd",
        comparator=Comparator.AT_MOST,
        threshold=at_most,
        state=state,
        value=usd,
        low=low,
        high=high,
        bound=bound,
    )


def accepted_line(
    usd: float, *, at_most: float, bound: float, rule: AcceptedRule = AcceptedRule.DROPPED
) -> StoredLine:
    """Return the cost of an accepted answer; `bound` is the upper one that a GO hangs on."""
    is_met = bound <= (0 if rule is AcceptedRule.DROPPED else at_most)
    return StoredLine(
        metric="cost_per_accepted_usd",
        comparator=Comparator.AT_MOST,
        threshold=at_most,
        state=CriterionState.MET if is_met else CriterionState.UNSETTLED,
        value=usd,
        low=0.9 * usd,
        high=1.1 * usd,
        bound=bound,
        rule=rule,
    )


def speed_line(metric: str, value: float, *, at_most: float) -> StoredLine:
    """Return a missed line about seconds or errors."""
    return StoredLine(
        metric=metric,
        comparator=Comparator.AT_MOST,
        threshold=at_most,
        state=CriterionState.MISSED,
        value=value,
        low=0.9 * value,
        high=1.1 * value,
        bound=0.5,
    )


def paired_line(bound: float, *, within: float = 0.03) -> StoredLine:
    state = CriterionState.MET if bound >= -within else CriterionState.UNSETTLED
    return StoredLine(
        metric="exact_match",
        comparator=Comparator.WITHIN,
        threshold=within,
        state=state,
        value=bound + 0.02,
        low=bound,
        high=bound + 0.04,
        bound=bound,
    )


def closed(name: str = "gpt-x", **facts: Any) -> Option:
    return Option(
        **{
            "name": name,
            "is_open": False,
            "model": name,
            "developer": "ExampleAI",
            "host": "api.example.com",
            "jurisdictions": frozenset({"US"}),
            "is_country_unknown": False,
            "cost_per_task_usd": Decimal("0.01"),
            "accepted_share": Decimal("0.95"),
            **facts,
        }
    )


def open_model(name: str = "olmo", **facts: Any) -> Option:
    return closed(
        name,
        **{
            "is_open": True,
            "verdict": Verdict.GO,
            "developer": "Ai2",
            "host": OWN_HARDWARE,
            "hourly_share": Decimal(1),
            "gpu": "L4",
            "lines": (score_line(),),
            "cost_per_task_usd": Decimal("0.002"),
            **facts,
        },
    )


def position(**facts: Any) -> TaskPosition:
    return TaskPosition(
        **{
            "task_id": 1,
            "name": "Support intent",
            "monthly_volume": 100_000,
            "switch_days": 14,
            "incumbent": closed(),
            "others": (open_model(),),
            **facts,
        }
    )
