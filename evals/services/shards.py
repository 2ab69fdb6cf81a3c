"""Leases: which worker holds which part of a run's shuffled order."""

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet

from evals.models import Run, Shard
from evals.models.evaluations import LIVE, ShardState

LEASE = timedelta(seconds=30)


def create_shards(*, run: Run, places: int, size: int) -> None:
    """Cut the run's shuffled order into shards."""
    Shard.objects.bulk_create(
        Shard(run=run, start=start, stop=min(start + size, places))
        for start in range(0, places, size)
    )


@transaction.atomic
def claim_shard(*, run_id: int, holder: str, now: datetime) -> Shard | None:
    """Take the run's first shard that is free, or return None.

    While another worker holds a lease in this run there is none: an endpoint's concurrency is
    kept by having one worker at a time on each run.
    """
    shards = Shard.objects.filter(run_id=run_id, run__state__in=LIVE)
    if shards.filter(state=ShardState.LEASED, lease_until__gte=now).exclude(holder=holder).exists():
        return None
    free = Q(state=ShardState.WAITING) | Q(state=ShardState.LEASED, lease_until__lt=now)
    shard = shards.filter(free).select_for_update(skip_locked=True, of=("self",)).first()
    if shard is None:
        return None
    shard.state, shard.holder, shard.lease_until = ShardState.LEASED, holder, now + LEASE
    shard.attempts += 1
    shard.save(update_fields=["state", "holder", "lease_until", "attempts"])
    return shard


def renew_leases(*, run_id: int, holder: str, now: datetime) -> int:
    """Hold on to every shard of the run that this worker holds; return how many."""
    return Shard.objects.filter(run_id=run_id, holder=holder, state=ShardState.LEASED).update(
        lease_until=now + LEASE
    )


def held_shards(*, shard_ids: Iterable[int], holder: str) -> set[int]:
    """Lock and return those of the shards that this worker still holds."""
    held = Shard.objects.filter(pk__in=list(shard_ids), holder=holder, state=ShardState.LEASED)
    return set(held.select_for_update().values_list("pk", flat=True))


def finish_shard(*, shard_id: int, holder: str) -> None:
    """Mark a shard done, if this worker still holds it."""
    Shard.objects.filter(pk=shard_id, holder=holder, state=ShardState.LEASED).update(
        state=ShardState.DONE, holder="", lease_until=None
    )


def release_shards(*, run_id: int, holder: str) -> None:
    """Give back what this worker holds; what is stored stays."""
    _free(Shard.objects.filter(run_id=run_id, holder=holder, state=ShardState.LEASED))


def free_dead_leases() -> int:
    """Give back the shards whose holder was a process of this host that is gone."""
    host = f"{_host()}:"
    leased = Shard.objects.filter(state=ShardState.LEASED, holder__startswith=host)
    holders = leased.order_by().values_list("holder", flat=True).distinct()
    dead = [holder for holder in holders if not _is_alive(holder)]
    return _free(leased.filter(holder__in=dead)) if dead else 0


def this_holder() -> str:
    """Return this process's name for leases: host, pid, and when the process started.

    The start time tells a process from a later one that was given the same pid.
    """
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}"


def _free(shards: QuerySet[Shard]) -> int:
    return shards.update(state=ShardState.WAITING, holder="", lease_until=None)


def _is_alive(holder: str) -> bool:
    _, pid, started = holder.rsplit(":", 2)
    return _started(int(pid)) == started


@cache
def _host() -> str:
    # Two containers may share a host name, so their process namespace is part of it.
    namespace = Path("/proc/self/ns/pid")
    inside = namespace.readlink().name if namespace.is_symlink() else ""
    return f"{socket.gethostname()}/{inside}"


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks after boot; "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _is_running_without_proc(pid)
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]


def _is_running_without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    return "running"
