"""What runs would cost at another price than the one that is frozen into them.

Results are never computed anew: what is here stands beside them, from the tokens they stored.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from evals.domain.costs import TASKS_SHOWN, UsageSums, sums_cost
from evals.domain.pricefigures import price_of, same_figures
from evals.domain.specs import PriceSpec
from evals.models import VerdictRow
from evals.queries.bandedcosts import PricedStretch, banded_costs
from evals.queries.pricewords import price_change
from evals.queries.specs import stored_spec
from evals.queries.stretches import Stretch
from evals.queries.todaysprices import todays_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricedCost:
    """One run at today's price, in US dollars; None is unknown. `was` is what its result says."""

    old: PriceSpec | None
    new: PriceSpec | None
    change: str
    was_per_1k_usd: Decimal | None
    was_monthly_usd: Decimal | None
    per_1k_usd: Decimal | None
    monthly_usd: Decimal | None


def costs_today(verdicts: Collection[VerdictRow], *, on: date) -> dict[int, RepricedCost]:
    """Return what each run would cost at the price of that day, by run; only where it is another.

    In three queries at most, whatever their number. Select each verdict's run with its candidate,
    evaluation and task beforehand.
    """
    prices = todays_prices([verdict.run.candidate for verdict in verdicts], on=on)
    changed = {
        verdict: prices[verdict.run.candidate_id]
        for verdict in verdicts
        if not same_figures(frozen_price(verdict), prices[verdict.run.candidate_id])
    }
    costs = costs_at(changed)
    return {
        verdict.run_id: _repriced(verdict, new, costs[verdict.run_id])
        for verdict, new in changed.items()
    }


def costs_at(prices: Mapping[VerdictRow, PriceSpec | None]) -> dict[int, Decimal | None]:
    """Return what a task would have cost each run at the given price, in dollars, by run.

    From the sums of tokens that its result holds. Where those cannot tell, as for a tier that some
    prompts reach, its trials are priced one by one, in one query for all such runs.
    """
    costs = {verdict.run_id: _from_sums(verdict, price) for verdict, price in prices.items()}
    single = [
        PricedStretch(Stretch.of_run(verdict.run_id, _places(verdict)), price)
        for verdict, price in prices.items()
        if costs[verdict.run_id] is None and price and _needs_trials(verdict, price)
    ]
    tasks = {verdict.run_id: _judged(verdict) for verdict in prices}
    found = banded_costs(single)
    return costs | {run: found[run].total_usd / tasks[run] for run in found if tasks[run]}


def frozen_price(verdict: VerdictRow) -> PriceSpec | None:
    """Return the price that a verdict rests on, None where it was unknown."""
    cost = verdict.grounds["result"]["cost"]
    if "price_row" in cost:
        row = cost["price_row"]
        return None if row is None else price_of(row)
    # A verdict from before rows were kept has its price in the text of its spec.
    spec = stored_spec(verdict.grounds["spec"])
    return spec.candidates[verdict.run.position].price


def _repriced(verdict: VerdictRow, new: PriceSpec | None, per_task: Decimal | None) -> RepricedCost:
    cost, old = verdict.grounds["result"]["cost"], frozen_price(verdict)
    was, was_monthly = _exact(cost["per_1k_tasks_usd"]), _exact(cost["monthly_usd"])
    volume = was_monthly / was if was and was_monthly is not None else _volume(verdict)
    per_1k = None if per_task is None else TASKS_SHOWN * per_task
    return RepricedCost(
        old=old,
        new=new,
        change=price_change(old, new),
        was_per_1k_usd=was,
        was_monthly_usd=was_monthly,
        per_1k_usd=per_1k,
        monthly_usd=None if per_1k is None or volume is None else volume * per_1k,
    )


def _volume(verdict: VerdictRow) -> Decimal | None:
    """Return the task's thousands a month."""
    volume = verdict.run.evaluation.task.monthly_volume
    return None if volume is None else Decimal(volume) / TASKS_SHOWN


def _from_sums(verdict: VerdictRow, price: PriceSpec | None) -> Decimal | None:
    sums = verdict.grounds["result"]["cost"].get("priced_usage")
    if price is not None and price.usd_per_hour is not None:
        return _hourly(verdict, price.usd_per_hour)
    if sums is None or not sums["trials"]:
        return None
    total = sums_cost(UsageSums(**sums), price)
    return None if total is None else total / sums["trials"]


def _hourly(verdict: VerdictRow, usd_per_hour: Decimal) -> Decimal | None:
    """Return the cost on hardware at another price by the hour: as much time, so in proportion."""
    old = frozen_price(verdict)
    was = _exact(verdict.grounds["result"]["cost"]["per_1k_tasks_usd"])
    if old is None or not old.usd_per_hour or was is None:
        return None
    return was * usd_per_hour / old.usd_per_hour / TASKS_SHOWN


def _needs_trials(verdict: VerdictRow, price: PriceSpec) -> bool:
    """Return whether single trials can tell what sums cannot; they cannot tell of unknown usage."""
    cost = verdict.grounds["result"]["cost"]
    is_known = cost.get("priced_usage") is not None or cost["per_1k_tasks_usd"] is not None
    return is_known and price.charges_tokens and price.usd_per_hour is None


def _judged(verdict: VerdictRow) -> int:
    trials: dict[str, Any] = verdict.grounds["result"]["trials"]
    return int(trials["ok"] + trials["no_answer"] + trials["model_error"])


def _places(verdict: VerdictRow) -> int:
    """Return how many places of the order the result was read from."""
    stopping = verdict.grounds["result"].get("stopping")
    return int(stopping["read"]) if stopping else verdict.run.evaluation.sample_count


def _exact(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))
