"""What a run's trials cost, from sums that are exact: nothing cancels out."""

from collections.abc import Mapping
from decimal import Decimal
from math import sqrt
from typing import Any

from evals.domain.costs import SECONDS_PER_HOUR, UsageSums
from evals.domain.metrics import CostFacts, Counts
from evals.domain.specs import CandidateSpec, PriceSpec
from evals.domain.tokenrates import rates_at

MILLION = Decimal(1_000_000)


def cost_facts(candidate: CandidateSpec, counts: Counts, row: Mapping[str, Any]) -> CostFacts:
    """Return the costs of the judged trials from one run's aggregates, unknown where any is.

    The mean is over all of them, as production would pay; the total leaves reused answers out.
    """
    price = candidate.price
    if price is None or not counts.judged:
        return CostFacts()
    if price.usd_per_hour is not None:
        return _hourly(candidate, price.usd_per_hour, counts, row)
    if not price.charges_tokens:
        return _per_request(price, counts, row)
    return _per_token(price, counts, row)


def _hourly(
    candidate: CandidateSpec, usd_per_hour: Decimal, counts: Counts, row: Mapping[str, Any]
) -> CostFacts:
    """Share the hardware's time out among the questions that it works on at once: an estimate."""
    if row["timed"] < counts.judged:
        return CostFacts(estimated=True)
    endpoint = candidate.endpoint
    at_once = endpoint.concurrency * endpoint.batch_size
    per_second = usd_per_hour / SECONDS_PER_HOUR / at_once
    seconds, squared = Decimal(str(row["seconds"])), Decimal(str(row["seconds_squared"]))
    return _moments(
        counts.judged,
        per_second * seconds,
        per_second**2 * squared,
        total_spent=per_second * Decimal(str(row["paid_seconds"] or 0)),
        estimated=True,
    )


def _per_request(price: PriceSpec, counts: Counts, row: Mapping[str, Any]) -> CostFacts:
    if price.usd_per_request is None:
        return CostFacts()
    each = price.usd_per_request
    return _moments(
        counts.judged,
        each * row["judged_requests"],
        each**2 * row["judged_requests_squared"],
        total_spent=each * row["requests"],
    )


def _per_token(price: PriceSpec, counts: Counts, row: Mapping[str, Any]) -> CostFacts:
    rates = rates_at(price, None)
    if rates is None or not is_usage_known(counts, row):
        return CostFacts()
    if banded := row.get("banded"):
        return _moments(
            counts.judged, banded.total_usd, banded.squares, total_spent=banded.spent_usd
        )
    i, o, r = rates.fresh / MILLION, rates.output / MILLION, price.usd_per_request or Decimal(0)
    total = i * row["sum_i"] + o * row["sum_o"] + r * row["sum_r"]
    squares = (
        i * i * row["sum_ii"]
        + o * o * row["sum_oo"]
        + r * r * row["sum_rr"]
        + 2 * (i * o * row["sum_io"] + i * r * row["sum_ir"] + o * r * row["sum_or"])
    )
    spent = i * row["paid_input_tokens"] + o * row["paid_output_tokens"] + r * row["requests"]
    return _moments(counts.judged, total, squares, total_spent=spent)


def is_usage_known(counts: Counts, row: Mapping[str, Any]) -> bool:
    """Return whether every answer reported its tokens.

    A request that was refused for good is not billed and reports none.
    """
    return bool(row["counted"] >= max(counts.ok + counts.no_answer, 1))


def is_banded(price: PriceSpec | None, row: Mapping[str, Any]) -> bool:
    """Return whether sums of tokens cannot tell a run's cost, so that each trial is priced."""
    if price is None or not price.charges_tokens:
        return False
    lowest = min((tier.above_input_tokens for tier in price.tiers), default=None)
    return (
        bool(row["cached_tokens"] and price.cached_input_usd_per_mtok is not None)
        or bool(row["cache_write_tokens"] and price.cache_write_usd_per_mtok is not None)
        or bool(lowest is not None and (row["longest_input"] or 0) > lowest)
    )


def may_be_banded(price: PriceSpec) -> bool:
    """Return whether sums of tokens may not tell a run's cost, whatever its answers turn out."""
    cache = (price.cached_input_usd_per_mtok, price.cache_write_usd_per_mtok)
    return price.charges_tokens and (bool(price.tiers) or any(usd is not None for usd in cache))


def usage_sums(counts: Counts, row: Mapping[str, Any]) -> UsageSums | None:
    """Return the tokens that a cost per task rests on, None where some answer's are unknown."""
    if not is_usage_known(counts, row):
        return None
    return UsageSums(
        trials=counts.judged,
        fresh_tokens=int(row["sum_fresh"]),
        cached_tokens=int(row["sum_cached"]),
        cache_write_tokens=int(row["sum_written"]),
        output_tokens=int(row["sum_o"]),
        requests=int(row["judged_requests"]),
        longest_input=row["longest_input"],
    )


def _moments(
    n: int,
    total: Decimal,
    squares: Decimal,
    *,
    total_spent: Decimal | None = None,
    estimated: bool = False,
) -> CostFacts:
    """Return the mean and spread per trial; exact sums, so that nothing cancels out."""
    spread = (squares - total * total / n) / (n - 1) if n > 1 else None
    return CostFacts(
        known=True,
        total_usd=total if total_spent is None else total_spent,
        n=n,
        mean=float(total / n),
        sd=None if spread is None else sqrt(max(spread, Decimal(0))),
        estimated=estimated,
    )
