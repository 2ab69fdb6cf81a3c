"""Which workers are about, and which runs wait for a pool that none of them serves."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Func, JSONField, OuterRef, QuerySet

from evals.models import Run, Shard, Worker
from evals.models.evaluations import LIVE, ShardState

GONE_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPool:
    """A pool that no worker serves, who waits for it, and the command that starts a worker."""

    pool: str
    waiting: tuple[str, ...]
    command: str


def workers_about(*, now: datetime) -> QuerySet[Worker]:
    """Return the workers that were seen within the last twenty seconds."""
    return Worker.objects.filter(seen_at__gte=now - GONE_AFTER)


def served_pools(*, now: datetime) -> set[str]:
    """Return the pools that some worker serves, in one query."""
    served = workers_about(now=now).values_list("pools", flat=True)
    return {pool for pools in served for pool in pools}


def held_shards(*, now: datetime) -> QuerySet[Shard]:
    """Return the shards that somebody is at work on."""
    return Shard.objects.filter(state=ShardState.LEASED, lease_until__gte=now)


def waiting_runs(runs: QuerySet[Run], *, now: datetime) -> QuerySet[Run]:
    """Return the live runs that nobody is at work on.

    Those of the command line wait for their command alone.
    """
    held = held_shards(now=now).filter(run=OuterRef("pk"))
    return runs.filter(~Exists(held), state__in=LIVE, evaluation__identity__isnull=True)


def unserved_runs(runs: QuerySet[Run], *, now: datetime) -> QuerySet[Run]:
    """Return the waiting runs whose pool no worker serves."""
    pool = Func(
        OuterRef("candidate__endpoint__pool"), function="to_jsonb", output_field=JSONField()
    )
    serving = workers_about(now=now).filter(pools__contains=pool)
    return waiting_runs(runs, now=now).filter(~Exists(serving))


def missing_pools(runs: QuerySet[Run], *, now: datetime) -> tuple[MissingPool, ...]:
    """Return each pool that is waited for in vain with its runs' candidates, in one query."""
    unserved = unserved_runs(runs, now=now).order_by("position")
    return missing(unserved.values_list("candidate__endpoint__pool", "candidate__name"))


def missing(waiting: Iterable[tuple[str, str]]) -> tuple[MissingPool, ...]:
    """Return the pools of (pool, who waits for it)."""
    waiters: dict[str, list[str]] = {}
    for pool, name in waiting:
        waiters.setdefault(pool, []).append(name)
    return tuple(
        MissingPool(pool=pool, waiting=tuple(names), command=start_command(pool))
        for pool, names in waiters.items()
    )


def start_command(pool: str) -> str:
    """Return what a person types to start a worker for the pool."""
    return f"viability worker --pool {shlex.quote(pool)}"
