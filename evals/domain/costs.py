"""What a run cost and what the task would cost, in exact US dollars; None is unknown, never 0."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from evals.domain.specs import PriceSpec, TaskSpec
from evals.domain.trials import Usage

TOKENS_PER_PRICE = 1_000_000
SECONDS_PER_HOUR = 3600
TASKS_SHOWN = 1000


class AcceptedRule(StrEnum):
    """What becomes of a wrong answer, and so what an accepted one costs."""

    DROPPED = "dropped"  # c / a: the wrong answers are thrown away
    REDONE = "redone"  # c + (1 - a) f: each wrong one costs f to catch and do again


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """What the task costs with one candidate, in US dollars; None is unknown.

    `per_accepted_usd` follows `rule`. `monthly_usd` is the candidate's own bill at the task's
    monthly volume, without what wrong answers cost.
    """

    total_usd: Decimal | None
    per_1k_tasks_usd: Decimal | None
    per_accepted_usd: Decimal | None
    monthly_usd: Decimal | None
    rule: AcceptedRule
    estimated: bool


def trial_cost(usage: Usage, price: PriceSpec | None, *, attempts: int = 1) -> Decimal | None:
    """Return what one trial cost, None if a price or the usage that it prices is unknown.

    Input tokens include cached ones, which are charged in full, so a cost is never understated.
    Hardware by the hour is not in it (see `hourly_cost`).

    Args:
        usage: Tokens of the trial.
        price: What the endpoint charges; None is unknown.
        attempts: Requests that were sent; each pays `usd_per_request`, if there is one.

    Source: house methods, section 2, without its cache and batch terms.
    """
    if price is None:
        return None
    requests = None if price.usd_per_request is None else attempts * price.usd_per_request
    if price.input_usd_per_mtok is None and price.output_usd_per_mtok is None:
        return requests
    read = _token_cost(usage.input_tokens, price.input_usd_per_mtok)
    written = _token_cost(usage.output_tokens, price.output_usd_per_mtok)
    if read is None or written is None:
        return None
    return read + written + (requests or 0)


def hourly_cost(busy_seconds: float | None, usd_per_hour: Decimal | None) -> Decimal | None:
    """Return what hardware cost for the time it was busy, None if either is unknown."""
    if busy_seconds is None or usd_per_hour is None:
        return None
    return Decimal(str(busy_seconds)) * usd_per_hour / SECONDS_PER_HOUR


def summarise_costs(
    total_usd: Decimal | None,
    *,
    tasks: int,
    accepted: int | None,
    task: TaskSpec,
    estimated: bool = False,
) -> CostSummary:
    """Return the costs per thousand tasks, per accepted answer and per month.

    Args:
        total_usd: What the judged trials cost together; None is unknown.
        tasks: Trials judged.
        accepted: Those whose answer was right; None is unknown (a graded metric).
        task: Gives the monthly volume and what a wrong answer costs.
        estimated: Whether any part of the total is an estimate.

    Source: house methods, section 2 (cost per accepted answer).
    """
    per_task = total_usd / tasks if total_usd is not None and tasks else None
    volume, failure = task.monthly_volume, task.failure_cost_usd
    return CostSummary(
        total_usd=total_usd,
        per_1k_tasks_usd=None if per_task is None else TASKS_SHOWN * per_task,
        per_accepted_usd=_per_accepted(per_task, tasks, accepted, failure),
        monthly_usd=None if per_task is None or volume is None else volume * per_task,
        rule=AcceptedRule.DROPPED if failure is None else AcceptedRule.REDONE,
        estimated=estimated,
    )


def _token_cost(tokens: int | None, usd_per_mtok: Decimal | None) -> Decimal | None:
    if usd_per_mtok is None or (tokens is None and usd_per_mtok):
        return None
    return (tokens or 0) * usd_per_mtok / TOKENS_PER_PRICE


def _per_accepted(
    per_task: Decimal | None, tasks: int, accepted: int | None, failure: Decimal | None
) -> Decimal | None:
    if per_task is None or accepted is None:
        return None
    if failure is not None:
        return per_task + failure * (tasks - accepted) / tasks
    return per_task * tasks / accepted if accepted else None
