import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction

from evals.models import Run, Shard
from evals.models.evaluations import RunState, ShardState
from evals.services import shards
from tests import make
from tests.make import NOON

LATER = NOON + shards.LEASE + timedelta(seconds=1)


def run_of(places: int = 6, size: int = 2) -> Run:
    """Return a live run cut into shards of `size`."""
    run = make.live_evaluation(samples=places, candidates=[make.candidate_spec()]).runs.get()
    run.shards.all().delete()
    shards.create_shards(run=run, places=places, size=size)
    return run


def claim(run: Run, holder: str = "one", now=NOON) -> Shard | None:
    return shards.claim_shard(run_id=run.pk, holder=holder, now=now)


@pytest.mark.django_db
def test_shards_cover_every_place_once():
    run = run_of(places=7, size=3)
    assert list(run.shards.values_list("start", "stop")) == [(0, 3), (3, 6), (6, 7)]


@pytest.mark.django_db
def test_shards_are_leased_in_order_until_none_is_left():
    run = run_of()
    claimed = [claim(run) for _ in range(4)]
    assert [shard and shard.start for shard in claimed] == [0, 2, 4, None]
    assert run.shards.filter(holder="one", lease_until=NOON + shards.LEASE, attempts=1).count() == 3


@pytest.mark.django_db
def test_several_shards_are_leased_at_once_in_order_and_no_more_than_asked_for():
    run = run_of(places=10)
    several = shards.claim_shards(run_id=run.pk, holder="one", now=NOON, most=3, known=[])
    assert [(shard.start, shard.stop, shard.attempts) for shard in several] == [
        (0, 2, 1),
        (2, 4, 1),
        (4, 6, 1),
    ]
    rest = shards.claim_shards(run_id=run.pk, holder="two", now=NOON, most=3, known=[])
    assert [shard.start for shard in rest] == [6, 8]


@pytest.mark.django_db
def test_of_several_only_those_that_ran_out_count_as_asked_in_vain():
    run = run_of(places=8)
    claim(run)
    several = shards.claim_shards(run_id=run.pk, holder="two", now=LATER, most=3, known=[])
    assert [(shard.start, shard.attempts) for shard in several] == [(0, 2), (2, 1), (4, 1)]
    run.refresh_from_db()
    assert run.unconfirmed == 2


@pytest.mark.django_db
def test_what_another_holds_is_passed_over():
    run = run_of()
    claim(run)
    taken = [claim(run, "two") for _ in range(3)]
    assert [shard and shard.start for shard in taken] == [2, 4, None]


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_taken_over():
    run = run_of()
    claim(run)
    taken = claim(run, "two", LATER)
    assert taken is not None
    assert (taken.start, taken.holder, taken.attempts) == (0, "two", 2)


@pytest.mark.django_db
def test_a_holder_does_not_lease_its_own_late_shard_again():
    run = run_of(places=4)
    claim(run)
    second = claim(run, now=LATER)
    assert second is not None
    assert second.start == 2
    assert claim(run, now=LATER) is None


@pytest.mark.django_db
def test_a_lease_that_its_holder_never_heard_of_is_given_again_and_is_not_lost():
    run = run_of(places=6)
    first, second = claim(run), claim(run)
    assert first is not None
    assert second is not None
    again = shards.claim_shards(run_id=run.pk, holder="one", now=NOON, most=2, known=[first.pk])
    assert [(shard.start, shard.attempts) for shard in again] == [(second.start, 1), (4, 1)]
    run.refresh_from_db()
    assert run.unconfirmed == 0


@pytest.mark.django_db
def test_a_renewed_lease_is_not_taken_over():
    run = run_of(places=2)
    claim(run)
    assert shards.renew_leases(run_id=run.pk, holder="one", now=LATER) == 1
    assert claim(run, "two", LATER + timedelta(seconds=5)) is None


@pytest.mark.django_db
def test_a_lease_that_is_gone_is_not_renewed():
    run = run_of()
    claim(run)
    claim(run, "two", LATER)
    assert shards.renew_leases(run_id=run.pk, holder="one", now=LATER) == 0


@pytest.mark.django_db
def test_what_another_holds_by_now_can_be_neither_stored_nor_finished():
    run = run_of()
    shard = claim(run)
    assert shard is not None
    claim(run, "two", LATER)
    shards.finish_shards(shard_ids=[shard.pk], holder="one")
    shard.refresh_from_db()
    assert shard.state == ShardState.LEASED
    with transaction.atomic():
        assert shards.held_shards(shard_ids=[shard.pk], holder="one") == set()
        assert shards.held_shards(shard_ids=[shard.pk], holder="two") == {shard.pk}


@pytest.mark.django_db
@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.STOPPED, RunState.COMPLETED])
def test_nothing_is_leased_of_a_run_that_is_not_live(state):
    run = run_of()
    Run.objects.filter(pk=run.pk).update(state=state)
    assert claim(run) is None


@pytest.mark.django_db(transaction=True)
def test_nothing_is_leased_of_a_run_that_is_stopped_at_the_same_moment():
    run, got = run_of(), list[Shard | None]()

    def work() -> None:
        got.append(claim(run))
        connection.close()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
        worker.start()
        worker.join(0.5)
        assert worker.is_alive(), "it waits for whoever holds the run's row"
    worker.join()
    assert got == [None]


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_together_get_every_shard_once():
    run = run_of(places=40)
    barrier, got = threading.Barrier(4), list[tuple[str, int]]()

    def work(holder: str) -> None:
        try:
            barrier.wait()
            while shard := claim(run, holder):
                got.append((holder, shard.start))
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({holder for holder, _ in got}) > 1
    assert sorted(start for _, start in got) == list(range(0, 40, 2))


@pytest.mark.django_db(transaction=True)
def test_a_shard_that_is_locked_is_passed_over():
    run = run_of()
    first = run.shards.first()
    assert first is not None
    with locked_elsewhere(first):
        claimed = claim(run)
    assert claimed is not None
    assert claimed.start == 2


@contextmanager
def locked_elsewhere(shard: Shard) -> Iterator[None]:
    """Hold a lock on the shard's row in another connection."""
    is_locked, is_over = threading.Event(), threading.Event()

    def lock() -> None:
        with transaction.atomic():
            Shard.objects.select_for_update().get(pk=shard.pk)
            is_locked.set()
            is_over.wait()
        connection.close()

    other = threading.Thread(target=lock)
    other.start()
    is_locked.wait()
    try:
        yield
    finally:
        is_over.set()
        other.join()


@pytest.mark.django_db
def test_the_leases_of_a_killed_process_are_freed_at_once():
    run = run_of()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = f"{shards._host()}:{process.pid}:{shards._started(process.pid)}:1"  # noqa: SLF001
    claim(run, holder)
    assert shards.free_dead_leases() == 0
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and a zombie still
    assert shards.free_dead_leases() == 1
    process.communicate()
    claim(run, holder)
    assert shards.free_dead_leases() == 1
    assert run.shards.filter(state=ShardState.WAITING, holder="").count() == 3


@pytest.mark.django_db
def test_a_later_process_with_the_same_pid_is_not_the_holder():
    run = run_of()
    claim(run, f"{shards._host()}:{os.getpid()}:12345:1")  # noqa: SLF001
    assert shards.free_dead_leases() == 1


@pytest.mark.django_db
def test_the_holders_of_other_hosts_are_left_alone():
    run = run_of()
    claim(run, f"another-host/pid:[1]:{os.getpid()}:12345:1")
    claim(run_of(), f"{socket.gethostname()}/pid:[another namespace]:1:1:1")
    assert shards.free_dead_leases() == 0


@pytest.mark.django_db
def test_every_visit_has_a_holder_of_its_own_and_this_process_lives():
    run, other = run_of(), run_of()
    one, two = shards.new_holder(), shards.new_holder()
    assert one != two
    claim(run, one)
    claim(other, two)
    assert shards.free_dead_leases() == 0
    shards.release_shards(run_id=run.pk, holder=one)
    assert run.shards.filter(state=ShardState.LEASED).count() == 0
    assert other.shards.filter(state=ShardState.LEASED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_storing_holds_up_neither_other_workers_leases_nor_the_run_itself():
    run = run_of()
    mine = claim(run)
    assert mine is not None
    done = threading.Event()

    def work() -> None:
        try:
            assert claim(run, "two") is not None
            Run.objects.filter(pk=run.pk).update(throttled=1)
            done.set()
        finally:
            connection.close()

    other = threading.Thread(target=work)
    with transaction.atomic():
        shards.held_shards(shard_ids=[mine.pk], holder="one")
        other.start()
        assert done.wait(10)
    other.join()
