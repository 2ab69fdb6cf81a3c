"""A run's latency quantiles, each with its order-statistic interval."""

from collections.abc import Mapping, Sequence

from django.db import connection

from evals.domain.intervals import quantile_interval
from evals.domain.metrics import LATENCY_QUANTILES, Quantile
from evals.queries.states import JUDGED_STATES

QUANTILES = tuple(LATENCY_QUANTILES.values())


def latency_quantiles(timed: Mapping[int, int]) -> dict[int, dict[float, Quantile]]:
    """Return each run's latency quantiles with their order-statistic intervals."""
    if not timed:
        return {}
    ranks = {pk: [rank for q in QUANTILES for rank in _ranks(n, q)] for pk, n in timed.items()}
    statement = (
        "SELECT t.run_id, percentile_disc(wanted.shares) WITHIN GROUP (ORDER BY t.latency_seconds) "
        "FROM evals_trial t JOIN (SELECT unnest(%s::bigint[]) AS run_id, "
        "string_to_array(unnest(%s::text[]), ' ')::float8[] AS shares) wanted "
        "ON wanted.run_id = t.run_id "
        "WHERE t.state = ANY(%s) AND t.latency_seconds IS NOT NULL "
        "GROUP BY t.run_id, wanted.shares"
    )
    shares = [" ".join(_share(rank, timed[pk]) for rank in row) for pk, row in ranks.items()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ranks), shares, JUDGED_STATES])
        return {pk: _three_quantiles(ranks[pk], values) for pk, values in cursor.fetchall()}


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
