"""Workers' rows: written anew with each beat, gone with the worker, through a database's outage."""

import os
import threading
from datetime import timedelta

import pytest
from django.db import connection

from evals.models import Worker
from evals.services.shards import new_holder, this_host
from evals.services.workers import Heart, forget, heartbeat, presence
from tests import make
from tests.jobs.workers import until


def worker_of(node: str = "up@somewhere", *, pools: tuple[str, ...] = ("gpu", "default")):
    return presence(node=node, pools=pools, processes=2, now=make.NOON)


def test_a_beat_writes_one_row_however_often(db):
    for seconds in (0, 5):
        heartbeat(worker=worker_of(), now=make.NOON + timedelta(seconds=seconds))
    row = Worker.objects.get()
    assert (row.name, row.host) == (f"up@{this_host()}", this_host())
    assert (row.pools, row.processes, row.pid) == (["default", "gpu"], 2, os.getpid())
    assert row.started_at == make.NOON
    assert row.seen_at == make.NOON + timedelta(seconds=5)


def test_holders_begin_with_the_host_of_the_row(db):
    heartbeat(worker=worker_of(), now=make.NOON)
    assert new_holder().rsplit(":", 3)[0] == Worker.objects.get().host


def test_a_worker_that_was_not_seen_for_a_day_is_forgotten(db):
    heartbeat(worker=worker_of("old@x"), now=make.NOON)
    heartbeat(worker=worker_of("late@x"), now=make.NOON + timedelta(hours=23))
    heartbeat(worker=worker_of("up@x"), now=make.NOON + timedelta(hours=24, seconds=1))
    assert {row.name.partition("@")[0] for row in Worker.objects.all()} == {"late", "up"}


def test_a_worker_forgets_its_own_row_alone(db):
    heartbeat(worker=worker_of(), now=make.NOON)
    heartbeat(worker=worker_of("other@x"), now=make.NOON)
    Worker.objects.filter(name__startswith="other").update(pid=1)
    forget(worker=worker_of())
    forget(worker=worker_of("other@x"))
    assert Worker.objects.get().name.startswith("other")


@pytest.mark.django_db(transaction=True)
def test_a_heart_beats_until_it_is_stopped():
    heart = Heart(beat_seconds=0.05)
    heart.start(worker_of())
    until(Worker.objects.exists)
    first = Worker.objects.get().seen_at
    until(lambda: Worker.objects.get().seen_at > first)
    heart.stop()
    assert not Worker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_heart_outlives_a_database_that_is_away(monkeypatch, caplog):
    heart = Heart(beat_seconds=0.05)
    with monkeypatch.context() as patched:
        # This thread's connection is open already; the heart has to make one for each beat.
        connection.ensure_connection()
        patched.setitem(connection.settings_dict, "HOST", "/nonexistent")
        heart.start(worker_of())
        until(lambda: "heartbeat not stored" in caplog.text)
        threading.Event().wait(0.3)
        assert not Worker.objects.exists()
    assert caplog.text.count("heartbeat not stored") == 1
    assert "/nonexistent" not in caplog.text
    until(Worker.objects.exists)
    heart.stop()


@pytest.mark.django_db(transaction=True)
def test_between_two_beats_no_connection_is_open():
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.fetchone()[0])

    before = connections()
    heart = Heart(beat_seconds=60)
    heart.start(worker_of())
    until(Worker.objects.exists)
    until(lambda: connections() == before)
    heart.stop()
