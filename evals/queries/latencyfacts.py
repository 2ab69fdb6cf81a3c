"""A run's latency quantiles, each with its order-statistic interval, and its first tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from django.db import connection

from evals.domain.intervals import quantile_interval
from evals.domain.metrics import FIRST_TOKEN_QUANTILES, LATENCY_QUANTILES, Quantile
from evals.queries.states import JUDGED_STATES

QUANTILES = tuple(LATENCY_QUANTILES.values())
FIRST_TOKEN = tuple(FIRST_TOKEN_QUANTILES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How many trials of the first so many places have a latency."""

    count: int
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLatencies:
    """One run's quantiles in seconds; `first_token` is empty where no answer was streamed."""

    quantiles: Mapping[float, Quantile] = field(default_factory=lambda: MappingProxyType({}))
    first_token: Mapping[float, float] = field(default_factory=lambda: MappingProxyType({}))


def run_latencies(timed: Mapping[int, Timed]) -> dict[int, RunLatencies]:
    """Return the latencies of each run that has any."""
    if not timed:
        return {}
    ranks = {
        pk: [rank for q in QUANTILES for rank in _ranks(each.count, q)]
        for pk, each in timed.items()
    }
    statement = (
        "SELECT t.run_id, "
        "percentile_disc(wanted.shares) WITHIN GROUP (ORDER BY t.latency_seconds), "
        "percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY t.ttft_seconds) "
        "FROM evals_trial t JOIN (SELECT unnest(%s::bigint[]) AS run_id, "
        "unnest(%s::int[]) AS places, "
        "string_to_array(unnest(%s::text[]), ' ')::float8[] AS shares) wanted "
        "ON wanted.run_id = t.run_id AND t.place < wanted.places "
        "WHERE t.state = ANY(%s) AND t.latency_seconds IS NOT NULL "
        "GROUP BY t.run_id, wanted.shares"
    )
    shares = [" ".join(_share(rank, timed[pk].count) for rank in row) for pk, row in ranks.items()]
    with connection.cursor() as cursor:
        places = [timed[pk].places for pk in ranks]
        cursor.execute(statement, [list(FIRST_TOKEN), list(ranks), places, shares, JUDGED_STATES])
        return {
            pk: RunLatencies(
                quantiles=_three_quantiles(ranks[pk], values), first_token=_first_token(tokens)
            )
            for pk, values, tokens in cursor.fetchall()
        }


def _ranks(n: int, q: float) -> tuple[int, int | None, int | None]:
    """Return the ranks of the quantile (the smallest that q of the n reach) and its bounds."""
    bounds = quantile_interval(n, q)
    return max(1, -(-round(q * 100) * n // 100)), bounds.low, bounds.high


def _share(rank: int | None, n: int) -> str:
    return repr(((rank or 1) - 0.5) / n)


def _three_quantiles(ranks: Sequence[int | None], values: Sequence[float]) -> dict[float, Quantile]:
    known = [value if rank is not None else None for rank, value in zip(ranks, values, strict=True)]
    return {
        q: Quantile(value=known[3 * place], low=known[3 * place + 1], high=known[3 * place + 2])
        for place, q in enumerate(QUANTILES)
    }


def _first_token(seconds: Sequence[float | None] | None) -> dict[float, float]:
    found = zip(FIRST_TOKEN, seconds or (), strict=False)
    return {q: value for q, value in found if value is not None}
