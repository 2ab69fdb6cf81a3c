"""What a run cost and what the task would cost, in exact US dollars; None is unknown, never 0."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from evals.domain.specs import PriceSpec, TaskSpec
from evals.domain.tokenrates import TOKENS_PER_PRICE, TokenCounts, TokenRates, rates_at
from evals.domain.trials import Usage

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


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSums:
    """Tokens of the `trials` that a cost per task rests on, enough to price them once more.

    `fresh_tokens` are input tokens that no cache gave or took up. `longest_input` is the longest
    prompt, None where no prompt is known.
    """

    trials: int
    fresh_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    requests: int
    longest_input: int | None = None


def trial_cost(usage: Usage, price: PriceSpec | None, *, attempts: int = 1) -> Decimal | None:
    """Return what one trial cost, None if a price or the usage that it prices is unknown.

    What the price does not say of cached or written tokens is charged as input in full, so a cost
    is never understated. Hardware by the hour is not in it (see `hourly_cost`).

    Args:
        usage: Tokens of the trial; cached and written ones are part of the input.
        price: What the endpoint charges; None is unknown.
        attempts: Requests that were sent; each pays `usd_per_request`, if there is one.

    Source: house methods, section 2.
    """
    if price is None:
        return None
    requests = None if price.usd_per_request is None else attempts * price.usd_per_request
    if not price.charges_tokens:
        return requests
    rates = rates_at(price, usage.input_tokens)
    if rates is None:
        return None
    read, written = _read_cost(usage, rates), _token_cost(usage.output_tokens, rates.output)
    if read is None or written is None:
        return None
    return read + written + (requests or 0)


def sums_cost(sums: UsageSums, price: PriceSpec | None) -> Decimal | None:
    """Return what trials would cost together at another price, None where their sums cannot tell.

    They cannot where hardware is priced, or where only some prompts reach a dearer tier.
    """
    if price is None or not price.has_figures or price.usd_per_hour is not None:
        return None
    requests = sums.requests * (price.usd_per_request or Decimal(0))
    if not price.charges_tokens:
        return requests
    lowest = min((tier.above_input_tokens for tier in price.tiers), default=None)
    if lowest is not None and (sums.longest_input is None or sums.longest_input > lowest):
        return None
    rates = rates_at(price, None)
    return None if rates is None else rates.cost(_counts(sums)) + requests


def hourly_cost(busy_seconds: Decimal | int | None, usd_per_hour: Decimal | None) -> Decimal | None:
    """Return what hardware cost for the time it was busy, None if either is unknown."""
    if busy_seconds is None or usd_per_hour is None:
        return None
    return busy_seconds * usd_per_hour / SECONDS_PER_HOUR


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


def _counts(sums: UsageSums) -> TokenCounts:
    return TokenCounts(
        fresh=sums.fresh_tokens,
        cached=sums.cached_tokens,
        written=sums.cache_write_tokens,
        output=sums.output_tokens,
    )


def _read_cost(usage: Usage, rates: TokenRates) -> Decimal | None:
    """Return what the input cost; one that is unknown costs nothing only where all of it is free.

    A server that reports more cached tokens than input has said both: both are charged.
    """
    if usage.input_tokens is None:
        return None if rates.charges_input else Decimal(0)
    cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    fresh = max(0, usage.input_tokens - cached - written)
    return rates.cost(TokenCounts(fresh=fresh, cached=cached, written=written, output=0))


def _token_cost(tokens: int | None, usd_per_mtok: Decimal) -> Decimal | None:
    if tokens is None and usd_per_mtok:
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
