"""Leases: which worker holds which part of a run's shuffled order."""

import itertools
import os
import socket
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from evals.models import Run, Shard
from evals.models.evaluations import LIVE, ShardState
from evals.services.unconfirmed import note_lost

LEASE = timedelta(seconds=30)
_visits = itertools.count(1)
# The run's row is locked first, as everywhere. A lease of this very holder that ran out is under
# way all the same: not to be asked again. One that it does not know of was given to it as its
# connection broke, so the answer never came: it is given again.
_STATES: dict[str, Any] = {"live": list(LIVE), "waiting": ShardState.WAITING}
_CLAIM = """
WITH live AS MATERIALIZED (
    SELECT id FROM evals_run WHERE id = %(run)s AND state = ANY(%(live)s) FOR NO KEY UPDATE
), free AS MATERIALIZED (
    SELECT id, state = %(state)s AND holder <> %(holder)s AS is_lost FROM evals_shard
    WHERE run_id = (SELECT id FROM live) AND (
        state = %(waiting)s
        OR (state = %(state)s AND lease_until < %(now)s AND holder <> %(holder)s)
        OR (state = %(state)s AND holder = %(holder)s AND id <> ALL(%(known)s))
    )
    ORDER BY start LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE evals_shard shard
SET state = %(state)s, holder = %(holder)s, lease_until = %(lease_until)s,
    attempts = attempts + (shard.holder <> %(holder)s)::int
FROM free WHERE shard.id = free.id
RETURNING shard.start, shard.stop, shard.id, shard.attempts, free.is_lost
"""


def create_shards(*, run: Run, places: int, size: int) -> None:
    """Cut the run's shuffled order into shards."""
    Shard.objects.bulk_create(
        Shard(run=run, start=start, stop=min(start + size, places))
        for start in range(0, places, size)
    )


def claim_shard(*, run_id: int, holder: str, now: datetime) -> Shard | None:
    """Take the run's first shard that is free, or return None."""
    known = Shard.objects.filter(run_id=run_id, holder=holder).values_list("pk", flat=True)
    shards = claim_shards(run_id=run_id, holder=holder, now=now, most=1, known=list(known))
    return next(iter(shards), None)


@transaction.atomic
def claim_shards(
    *, run_id: int, holder: str, now: datetime, most: int, known: Collection[int]
) -> list[Shard]:
    """Take the run's first shards that are free, `most` at most, and return them in order.

    Safe to call again when it is not known whether it was carried out: `known` are the shards that
    this holder knows it has, and any other that it was given is given again.

    Any number of workers may hold shards of one run: the limits of its endpoint are divided
    between them. The run's row is locked meanwhile, so that nothing is leased of a run that is
    being stopped.
    """
    held: dict[str, Any] = {
        "state": ShardState.LEASED,
        "holder": holder,
        "lease_until": now + LEASE,
    }
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"run": run_id, "now": now, "most": most, "known": list(known)}
        cursor.execute(_CLAIM, {**_STATES, **held, **asked})
        rows = sorted(cursor.fetchall())
    claimed = [
        (Shard(pk=pk, run_id=run_id, start=start, stop=stop, attempts=attempts, **held), is_lost)
        for start, stop, pk, attempts, is_lost in rows
    ]
    note_lost(shard for shard, is_lost in claimed if is_lost)
    return [shard for shard, _ in claimed]


@transaction.atomic
def renew_leases(*, run_id: int, holder: str, now: datetime) -> int:
    """Hold on to every shard of the run that is still this holder's; return how many."""
    held = _locked(_held_by(holder, run_id=run_id))
    return Shard.objects.filter(pk__in=held).update(lease_until=now + LEASE)


def held_shards(*, shard_ids: Iterable[int], holder: str) -> set[int]:
    """Lock and return those of the shards that are still this holder's."""
    ids = list(shard_ids)
    held = Shard.objects.filter(pk__in=ids, holder=holder, state=ShardState.LEASED)
    return set(_locked(held))


def finish_shards(*, shard_ids: Iterable[int], holder: str) -> None:
    """Mark shards done, those that are still this holder's."""
    held = Shard.objects.filter(pk__in=list(shard_ids), holder=holder, state=ShardState.LEASED)
    held.update(state=ShardState.DONE, holder="", lease_until=None)


def release_shards(*, run_id: int, holder: str) -> None:
    """Give back what this holder has; what is stored stays."""
    free_leases(_held_by(holder, run_id=run_id))


@transaction.atomic
def free_leases(leased: QuerySet[Shard]) -> int:
    """Take leased shards from their holders, who then drop what they have not stored."""
    freed = Shard.objects.filter(pk__in=_locked(leased))
    return freed.update(state=ShardState.WAITING, holder="", lease_until=None)


@transaction.atomic
def free_lost_leases(leased: QuerySet[Shard]) -> int:
    """Take leased shards from holders that are gone; what they may have asked is noted."""
    in_order = leased.order_by("run_id", "start")
    lost = list(in_order.select_for_update(of=("self",), skip_locked=True))
    note_lost(lost)
    return free_leases(Shard.objects.filter(pk__in=[shard.pk for shard in lost]))


def free_dead_leases() -> int:
    """Give back the shards whose holder was a process of this host that is gone."""
    leased = Shard.objects.filter(state=ShardState.LEASED, holder__startswith=f"{_host()}:")
    holders = leased.order_by().values_list("holder", flat=True).distinct()
    dead = dead_holders(holders)
    return free_lost_leases(leased.filter(holder__in=dead)) if dead else 0


def dead_holders(holders: Iterable[str]) -> set[str]:
    """Return those of the holders that were processes of this host and are gone."""
    here = f"{_host()}:"
    return {holder for holder in holders if holder.startswith(here) and not _is_alive(holder)}


def new_holder() -> str:
    """Return a name for one worker's visit to a run: host, pid, when the process started, number.

    The start time tells a process from a later one that was given the same pid.
    """
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}:{next(_visits)}"


def this_host() -> str:
    """Return this host's name as holders begin with it."""
    return _host()


def _locked(shards: QuerySet[Shard]) -> list[int]:
    """Lock shards in one order, whoever locks them, or two would wait for each other.

    The order is not the table's own: that one would lock the run too.
    """
    in_order = shards.order_by("run_id", "start").select_for_update(of=("self",))
    return list(in_order.values_list("pk", flat=True))


def _held_by(holder: str, *, run_id: int) -> QuerySet[Shard]:
    return Shard.objects.filter(run_id=run_id, holder=holder, state=ShardState.LEASED)


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
