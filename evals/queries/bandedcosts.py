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
from evals.queries.stretches import Stretch

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
    "SELECT rate.part,"  # noqa: S608 - names and numbers of our own
    f" coalesce(sum(cost.task) FILTER (WHERE {_COUNTED}), 0),"
    f" coalesce(sum(cost.task * cost.task) FILTER (WHERE {_COUNTED}), 0),"
    " coalesce(sum(cost.paid) FILTER (WHERE NOT t.is_reused), 0)"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::bigint[], %s::bigint[],"
    " %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])"
    " AS rate(part, run_id, start, stop, above, upto, fresh, cached, written, output, request)"
    " JOIN evals_trial t ON t.run_id = rate.run_id"
    " AND t.place >= rate.start AND t.place < rate.stop"
    " AND coalesce(t.input_tokens, 0) > rate.above AND coalesce(t.input_tokens, 0) <= rate.upto"
    f" CROSS JOIN LATERAL (SELECT {_TOKENS} + rate.request * {REQUESTS} AS task,"
    f" {_TOKENS} + rate.request * t.attempts AS paid) AS cost GROUP BY rate.part"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandedCosts:
    """US dollars: of all counted trials, the sum of their squares, and what this run paid."""

    total_usd: Decimal
    squares: Decimal
    spent_usd: Decimal

    def __add__(self, other: "BandedCosts") -> "BandedCosts":
        return BandedCosts(
            total_usd=self.total_usd + other.total_usd,
            squares=self.squares + other.squares,
            spent_usd=self.spent_usd + other.spent_usd,
        )


@dataclass(frozen=True, slots=True)
class PricedStretch:
    """A stretch of a run's order, and its price by tokens."""

    stretch: Stretch
    price: PriceSpec


def banded_costs(priced: Sequence[PricedStretch]) -> Mapping[int, BandedCosts]:
    """Return the costs by part, in one query; one without trials or without a price has none."""
    rows = [_row(each, band, upto) for each in priced for band, upto in _bounded(each.price)]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [list(column) for column in zip(*rows, strict=True)])
        return {part: _costs(*sums) for part, *sums in cursor.fetchall()}


def _bounded(price: PriceSpec) -> list[tuple[TokenRates, int]]:
    bands = rate_bands(price)
    ends = [*(band.above for band in bands[1:]), NO_END]
    return list(zip(bands, ends, strict=True)) if bands else []


def _row(priced: PricedStretch, band: TokenRates, upto: int) -> tuple[object, ...]:
    stretch, request = priced.stretch, priced.price.usd_per_request or Decimal(0)
    rates = (band.fresh, band.cached, band.written, band.output, request * TOKENS_PER_PRICE)
    place = (stretch.part, stretch.run_id, stretch.start, stretch.stop)
    return (*place, band.above, upto, *rates)


def _costs(total: Decimal, squares: Decimal, spent: Decimal) -> BandedCosts:
    return BandedCosts(
        total_usd=total / TOKENS_PER_PRICE,
        squares=squares / TOKENS_PER_PRICE / TOKENS_PER_PRICE,
        spent_usd=spent / TOKENS_PER_PRICE,
    )
