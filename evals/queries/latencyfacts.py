"""A run's quantiles of speed with order-statistic intervals: latency, first token, per token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import connection

from evals.domain.intervals import quantile_interval
from evals.domain.metrics import LATENCY_QUANTILES, Quantile
from evals.queries.states import JUDGED_STATES

QUANTILES = tuple(LATENCY_QUANTILES.values())
# Seconds for each output token after the first, of an answer that was streamed.
EACH_AFTER_FIRST = (
    "(CASE WHEN t.output_tokens > 1 AND t.ttft_seconds IS NOT NULL THEN "
    "greatest(t.latency_seconds - t.ttft_seconds, 0) / (t.output_tokens - 1) END)"
)
MEASURES = ("t.latency_seconds", "t.ttft_seconds", EACH_AFTER_FIRST)
Quantiles = Mapping[float, Quantile]
NONE: Quantiles = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How many trials of the first so many places have a latency, a first token, a time per token.

    Those without a latency have neither of the others.
    """

    counts: tuple[int, int, int]
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLatencies:
    """One run's quantiles in seconds; those of tokens are empty where no answer was streamed."""

    quantiles: Quantiles = field(default_factory=lambda: NONE)
    first_token: Quantiles = field(default_factory=lambda: NONE)
    per_token: Quantiles = field(default_factory=lambda: NONE)


def run_latencies(timed: Mapping[int, Timed]) -> dict[int, RunLatencies]:
    """Return the latencies of each run that has any, in one query."""
    if not timed:
        return {}
    names = [f"shares_{place}" for place in range(len(MEASURES))]
    quantiles = ", ".join(
        f"percentile_disc(wanted.{name}) WITHIN GROUP (ORDER BY {measure})"
        for name, measure in zip(names, MEASURES, strict=True)
    )
    arrays = ", ".join(
        f"string_to_array(unnest(%s::text[]), ' ')::float8[] AS {name}" for name in names
    )
    statement = (
        f"SELECT t.run_id, {quantiles} "  # noqa: S608 - names of our own
        "FROM evals_trial t JOIN (SELECT unnest(%s::bigint[]) AS run_id, "
        f"unnest(%s::int[]) AS places, {arrays}) wanted "
        "ON wanted.run_id = t.run_id AND t.place < wanted.places "
        "WHERE t.state = ANY(%s) AND t.latency_seconds IS NOT NULL "
        f"GROUP BY t.run_id, {', '.join(f'wanted.{name}' for name in names)}"
    )
    places = [each.places for each in timed.values()]
    shares = [[_shares(each.counts[i]) for each in timed.values()] for i in range(len(MEASURES))]
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(timed), places, *shares, JUDGED_STATES])
        return {row[0]: _latencies(timed[row[0]].counts, row[1:]) for row in cursor.fetchall()}


def _latencies(counts: Sequence[int], found: Sequence[Any]) -> RunLatencies:
    latency, first, each = (
        _three_quantiles(count, values or ()) for count, values in zip(counts, found, strict=True)
    )
    return RunLatencies(quantiles=latency, first_token=first, per_token=each)


def _ranks(n: int) -> list[int | None]:
    """Return for each quantile its rank (the smallest that q of the n reach) and its bounds."""
    ranks: list[int | None] = []
    for q in QUANTILES:
        bounds = quantile_interval(n, q)
        ranks += [max(1, -(-round(q * 100) * n // 100)), bounds.low, bounds.high]
    return ranks


def _shares(n: int) -> str:
    """Return where the ranks stand among n figures, as text that becomes an array."""
    return " ".join(repr(((rank or 1) - 0.5) / n) for rank in _ranks(n)) if n else ""


def _three_quantiles(n: int, values: Sequence[float]) -> Quantiles:
    if not n:
        return NONE
    ranks = _ranks(n)
    known = [value if rank is not None else None for rank, value in zip(ranks, values, strict=True)]
    return {
        q: Quantile(value=known[3 * place], low=known[3 * place + 1], high=known[3 * place + 2])
        for place, q in enumerate(QUANTILES)
    }
