"""Costs of runs whose price hangs on caches or on the length of prompts, summed trial by trial.

Everything else is priced from sums of tokens (see `costfacts`), which is quicker and as exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from evals.domain.specs import PriceSpec
from evals.domain.tokenrates import TOKENS_PER_PRICE, TokenRates, rate_bands
from evals.queries.states import JUDGED_STATES

NO_END = 2**62
# What a task takes in production: an answer that was reused here would be asked for there.
REQUESTS = "(CASE WHEN t.is_reused THEN 1 ELSE t.attempts END)"
# A server that reports more cached tokens than input has said both: both are charged.
FRESH = (
    "greatest(coalesce(t.input_tokens, 0) - coalesce(t.cached_tokens, 0)"
    " - coalesce(t.cache_write_tokens, 0), 0)"
)
_TOKENS = (
    f"(rate.fresh * {FRESH} + rate.cached * coalesce(t.cached_tokens, 0)"
    " + rate.written * coalesce(t.cache_write_tokens, 0)"
    " + rate.output * coalesce(t.output_tokens, 0))"
)
_COUNTED = (
    "t.state IN ('" + "', '".join(JUDGED_STATES) + "')"
    " AND t.input_tokens IS NOT NULL AND t.output_tokens IS NOT NULL"
)
_STATEMENT = (
    "SELECT t.run_id,"  # noqa: S608 - names and numbers of our own
    f" coalesce(sum(cost.task) FILTER (WHERE {_COUNTED}), 0),"
    f" coalesce(sum(cost.task * cost.task) FILTER (WHERE {_COUNTED}), 0),"
    " coalesce(sum(cost.paid) FILTER (WHERE NOT t.is_reused), 0)"
    " FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::bigint[], %s::numeric[],"
    " %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])"
    " AS rate(run_id, places, above, upto, fresh, cached, written, output, request)"
    " JOIN evals_trial t ON t.run_id = rate.run_id AND t.place < rate.places"
    " AND coalesce(t.input_tokens, 0) > rate.above AND coalesce(t.input_tokens, 0) <= rate.upto"
    f" CROSS JOIN LATERAL (SELECT {_TOKENS} + rate.request * {REQUESTS} AS task,"
    f" {_TOKENS} + rate.request * t.attempts AS paid) AS cost GROUP BY t.run_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandedCosts:
    """US dollars: of all counted trials, the sum of their squares, and what this run paid."""

    total_usd: Decimal
    squares: Decimal
    spent_usd: Decimal


@dataclass(frozen=True, slots=True)
class PricedRun:
    """A run, how many places of its order count, and a price by tokens."""

    run_id: int
    places: int
    price: PriceSpec


def banded_costs(runs: Sequence[PricedRun]) -> Mapping[int, BandedCosts]:
    """Return the costs by run, in one query; one without trials or without a price has none."""
    rows = [_row(run, band, upto) for run in runs for band, upto in _bounded(run.price)]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [list(column) for column in zip(*rows, strict=True)])
        return {run_id: _costs(*sums) for run_id, *sums in cursor.fetchall()}


def _bounded(price: PriceSpec) -> list[tuple[TokenRates, int]]:
    bands = rate_bands(price)
    ends = [*(band.above for band in bands[1:]), NO_END]
    return list(zip(bands, ends, strict=True)) if bands else []


def _row(run: PricedRun, band: TokenRates, upto: int) -> tuple[object, ...]:
    request = (run.price.usd_per_request or Decimal(0)) * TOKENS_PER_PRICE
    rates = (band.fresh, band.cached, band.written, band.output, request)
    return (run.run_id, run.places, band.above, upto, *rates)


def _costs(total: Decimal, squares: Decimal, spent: Decimal) -> BandedCosts:
    return BandedCosts(
        total_usd=total / TOKENS_PER_PRICE,
        squares=squares / TOKENS_PER_PRICE / TOKENS_PER_PRICE,
        spent_usd=spent / TOKENS_PER_PRICE,
    )
