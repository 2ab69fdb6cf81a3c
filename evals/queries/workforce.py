"""Who works on the live runs, and how many more could."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from evals.domain.specendpoints import is_shared
from evals.models import Endpoint, Run, Shard
from evals.models.evaluations import LIVE, ShardState
from evals.queries.specs import endpoint_spec
from evals.queries.workers import workers_about

MOST_ON_A_RUN = 16
USUALLY_ON_A_RUN = 4  # where nobody knows how many workers a pool has
PATIENCE = timedelta(seconds=2)  # for a worker that is free to come to a run that has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A live run: `holders` work on it, `useful` more would find something to do."""

    run_id: int
    pool: str
    holders: int
    useful: int
    rung_at: datetime | None


def needs_of(runs: QuerySet[Run], *, now: datetime) -> list[Need]:
    """Return what each of the runs could use, in two queries."""
    leased = Q(shards__state=ShardState.LEASED)
    is_held = leased & Q(shards__lease_until__gte=now)
    is_free = Q(shards__state=ShardState.WAITING) | leased & Q(shards__lease_until__lt=now)
    counted = runs.select_related("candidate__endpoint__limit", "candidate__endpoint__secret")
    found = counted.annotate(
        holders=Count("shards__holder", filter=is_held, distinct=True),
        free=Count("shards", filter=is_free),
    )
    sizes = processes_by_pool(now=now)
    return [
        Need(
            run_id=run.pk,
            pool=run.candidate.endpoint.pool,
            holders=run.holders,
            useful=_useful(run.candidate.endpoint, run.holders, run.free, sizes),
            rung_at=run.rung_at,
        )
        for run in found
    ]


def idle_by_pool(needs: Sequence[Need], *, now: datetime) -> dict[str, int]:
    """Return how many workers of each known pool are on none of the runs, nor wanted on one."""
    busy: Counter[str] = Counter()
    for need in needs:
        busy[need.pool] += need.holders or 1
    sizes = processes_by_pool(now=now)
    return {pool: max(0, size - busy[pool]) for pool, size in sizes.items()}


def processes_by_pool(*, now: datetime) -> dict[str, int]:
    """Return how many processes serve each pool, of the workers that were seen lately."""
    sizes: Counter[str] = Counter()
    for pools, processes in workers_about(now=now).values_list("pools", "processes"):
        sizes.update(dict.fromkeys(pools, processes))
    return dict(sizes)


def held_by_others(run: OuterRef | int, *, holder: str, now: datetime) -> QuerySet[Shard]:
    """Return the shards of a run that other workers hold."""
    held = Shard.objects.filter(run=run, state=ShardState.LEASED, lease_until__gte=now)
    return held.exclude(holder=holder)


def should_make_way(run: Run, *, holder: str, now: datetime) -> bool:
    """Return whether a worker had better leave a run to others: another one has nobody.

    Of those on a run, one goes at a time, and the last one stays.
    """
    held = Shard.objects.filter(run=OuterRef("pk"), state=ShardState.LEASED, lease_until__gte=now)
    waiting = Run.objects.filter(
        ~Exists(held),
        state__in=LIVE,
        rung_at__lt=now - PATIENCE,
        candidate__endpoint__pool=run.candidate.endpoint.pool,
        evaluation__identity__isnull=True,
    )
    others = held_by_others(run.pk, holder=holder, now=now)
    is_last_of_several = others.exists() and not others.filter(holder__gt=holder).exists()
    return is_last_of_several and waiting.exists()


def _useful(endpoint: Endpoint, holders: int, free: int, sizes: dict[str, int]) -> int:
    most = min(MOST_ON_A_RUN, holders + free, sizes.get(endpoint.pool, USUALLY_ON_A_RUN))
    spec = endpoint_spec(endpoint)
    if is_shared(spec):
        limit = getattr(endpoint, "limit", None)
        most = min(most, (limit and limit.concurrency) or spec.concurrency)
    return max(0, most - holders)
