"""Leases: which worker holds which part of a run's shuffled order."""

import itertools
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
_visits = itertools.count(1)


def create_shards(*, run: Run, places: int, size: int) -> None:
    """Cut the run's shuffled order into shards."""
    Shard.objects.bulk_create(
        Shard(run=run, start=start, stop=min(start + size, places))
        for start in range(0, places, size)
    )


@transaction.atomic
def claim_shard(*, run_id: int, holder: str, now: datetime) -> Shard | None:
    """Take the run's first shard that is free, or return None.

    While another holder has a lease in this run there is none: an endpoint's concurrency is kept
    by having one worker at a time on each run. The run's row is locked meanwhile, or two workers
    that come together would each see no lease of the other.
    """
    run = Run.objects.filter(pk=run_id, state__in=LIVE).select_for_update(no_key=True)
    shards = Shard.objects.filter(run_id=run_id)
    if not run.exists() or _is_with_another(shards, holder=holder, now=now):
        return None
    # A lease of this very holder that ran out is under way all the same: not to be asked again.
    expired = Q(state=ShardState.LEASED, lease_until__lt=now) & ~Q(holder=holder)
    free = shards.filter(Q(state=ShardState.WAITING) | expired)
    shard = free.select_for_update(skip_locked=True).first()
    if shard is None:
        return None
    shard.state, shard.holder, shard.lease_until = ShardState.LEASED, holder, now + LEASE
    shard.attempts += 1
    shard.save(update_fields=["state", "holder", "lease_until", "attempts"])
    return shard


def renew_leases(*, run_id: int, holder: str, now: datetime) -> int:
    """Hold on to every shard of the run that is still this holder's; return how many."""
    return _held_by(holder, run_id=run_id).update(lease_until=now + LEASE)


def held_shards(*, shard_ids: Iterable[int], holder: str) -> set[int]:
    """Lock and return those of the shards that are still this holder's."""
    held = Shard.objects.filter(pk__in=list(shard_ids), holder=holder, state=ShardState.LEASED)
    return set(held.select_for_update().values_list("pk", flat=True))


def finish_shard(*, shard_id: int, holder: str) -> None:
    """Mark a shard done, if it is still this holder's."""
    Shard.objects.filter(pk=shard_id, holder=holder, state=ShardState.LEASED).update(
        state=ShardState.DONE, holder="", lease_until=None
    )


def release_shards(*, run_id: int, holder: str) -> None:
    """Give back what this holder has; what is stored stays."""
    free_leases(_held_by(holder, run_id=run_id))


def free_leases(leased: QuerySet[Shard]) -> int:
    """Take leased shards from their holders, who then drop what they have not stored."""
    return leased.update(state=ShardState.WAITING, holder="", lease_until=None)


def free_dead_leases() -> int:
    """Give back the shards whose holder was a process of this host that is gone."""
    leased = Shard.objects.filter(state=ShardState.LEASED, holder__startswith=f"{_host()}:")
    holders = leased.order_by().values_list("holder", flat=True).distinct()
    dead = [holder for holder in holders if not _is_alive(holder)]
    return free_leases(leased.filter(holder__in=dead)) if dead else 0


def new_holder() -> str:
    """Return a name for one worker's visit to a run: host, pid, when the process started, number.

    The start time tells a process from a later one that was given the same pid.
    """
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}:{next(_visits)}"


def _held_by(holder: str, *, run_id: int) -> QuerySet[Shard]:
    return Shard.objects.filter(run_id=run_id, holder=holder, state=ShardState.LEASED)


def _is_with_another(shards: QuerySet[Shard], *, holder: str, now: datetime) -> bool:
    leased = shards.filter(state=ShardState.LEASED, lease_until__gte=now)
    return leased.exclude(holder=holder).exists()


def _is_alive(holder: str) -> bool:
    _, pid, started, _ = holder.rsplit(":", 3)
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
        return _running_without_proc(pid)
    # The program's name stands in brackets and may hold anything, brackets included.
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]


def _running_without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "running"  # as another user
    return "running"
