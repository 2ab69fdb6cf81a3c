import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import psycopg
import pytest

from tests.embedded.served import (
    addresses_from,
    broker,
    remember,
    remembered,
    serving,
    sleeper,
    supervisor,
)
from viability import processes
from viability.embedded import ServiceError, embedded_services, take_home
from viability.leftovers import running
from viability.postgres import Postgres
from viability.processes import Unit
from viability.valkey import Valkey

ROOT = os.geteuid() == 0


def test_what_was_stored_is_there_after_a_restart_and_nothing_is_said(home, said):
    with serving(home, said.append) as addresses:
        remember(addresses, "one")
    assert not servers(home)
    with serving(home, said.append) as addresses:
        assert remembered(addresses) == (["one"], ["one"])
    assert not said


def test_neither_service_has_a_port(home):
    with serving(home) as addresses:
        with psycopg.connect(str(addresses.database_url)) as database:
            assert shown(database, "listen_addresses") == ""
        with broker(addresses) as client:
            assert client.config_get("port") == {"port": "0"}


def test_the_database_is_utf8_with_checksums_and_full_durability(home):
    with serving(home) as addresses, psycopg.connect(str(addresses.database_url)) as database:
        named = "server_encoding", "data_checksums", "fsync", "synchronous_commit"
        assert [shown(database, name) for name in named] == ["UTF8", "on", "on", "on"]
        locale = database.execute("SELECT datlocprovider, datlocale FROM pg_database")
        assert set(locale) == {("b", "C.UTF-8")}


def test_the_broker_keeps_what_it_has(home):
    with serving(home) as addresses, broker(addresses) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_only_what_is_wanted_is_started(home):
    with (
        take_home(home, command="a test"),
        embedded_services(home, say=print, broker=False) as addresses,
    ):
        assert addresses.broker_url is None
        assert not running("valkey-server", home / "valkey")


def test_servers_of_a_killed_supervisor_end_and_keep_what_was_stored(home, said):
    with supervisor(home) as process:
        remember(addresses_from(process), "one")
        process.kill()
        process.wait()
        wait_until(lambda: not servers(home))
    with serving(home, said.append) as addresses:
        assert remembered(addresses) == (["one"], ["one"])


def test_after_everything_was_killed_at_once_nothing_is_lost(home, said):
    with supervisor(home) as process:
        remember(addresses_from(process), "one")
        process.send_signal(signal.SIGSTOP)  # so that it sees nothing and cleans up nothing
        for pid in servers(home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.kill()
    with serving(home, said.append) as addresses:
        assert remembered(addresses) == (["one"], ["one"])
    assert "removed a stale pid file of PostgreSQL" in said
    assert "PostgreSQL recovered its data from an unclean stop" in said


def test_servers_that_outlived_their_supervisor_are_stopped_first(home, said, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(processes, "dies_with_us", lambda _: None)
        orphans: list[Unit] = [Postgres(home, say=said.append), Valkey(home, say=said.append)]
        for orphan in orphans:
            orphan.start()
            orphan.wait()
    with serving(home, said.append) as addresses:
        remember(addresses, "one")
    assert [orphan.exit_status() for orphan in orphans] == [0, 0]
    assert len([words for words in said if "outlived its killed run" in words]) == 2


def test_backends_that_outlived_their_postmaster_are_stopped_first(home, said):
    with supervisor(home) as process:
        addresses = addresses_from(process)
        with contextlib.closing(psycopg.connect(str(addresses.database_url))) as database:
            database.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")
            postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
            os.kill(int(postmaster), signal.SIGKILL)
            process.kill()
            process.wait()
            with serving(home, said.append) as again:
                remember(again, "one")
    assert any("PostgreSQL that outlived its killed run" in words for words in said)


def test_strangers_named_by_stale_files_are_left_alone(home, said):
    user = {"user": (home / "postgres").stat().st_uid} if ROOT else {}
    with sleeper(cwd="/", **user) as stranger:
        stale = f"{stranger.pid}\n{home}/postgres\n1700000000\n5432\n{home}/run\n\n 1 1\nready\n"
        for file in (home / "postgres" / "postmaster.pid", home / "run" / ".s.PGSQL.5432.lock"):
            file.write_text(stale)
            os.chown(file, (home / "postgres").stat().st_uid, -1)
        with serving(home, said.append) as addresses:
            remember(addresses, "one")
        assert stranger.poll() is None
    assert said == ["removed a stale pid file of PostgreSQL"]


def test_a_postgres_that_serves_another_folder_is_left_alone(home, programs):
    program = shutil.copy("/bin/sleep", programs / "postgres")
    with sleeper(program, cwd=programs) as stranger:
        pid_file = home / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{home}/postgres\n")
        with serving(home):
            assert stranger.poll() is None


def test_a_broken_queue_is_moved_aside(home, said):
    with serving(home) as addresses:
        remember(addresses, "one")
    [file] = (home / "valkey" / "appendonlydir").glob("*.incr.aof")
    file.write_bytes(b"nonsense" + file.read_bytes())
    with serving(home, said.append) as addresses:
        assert remembered(addresses) == (["one"], [])
    assert "started empty" in said[0]


def test_data_of_another_version_is_refused(home):
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServiceError, match="made by PostgreSQL 17, this is 18"), serving(home):
        pass


def test_why_postgresql_does_not_start_is_shown(home):
    with (home / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(ServiceError, match="no_such_setting"), serving(home):
        pass
    assert not servers(home)


def servers(home: Path) -> list[int]:
    return running("postgres", home / "postgres") + running("valkey-server", home / "valkey")


def wait_until(claim) -> None:
    deadline = time.monotonic() + 10
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def shown(database: psycopg.Connection, name: str) -> str:
    row = database.execute(f"SHOW {name}").fetchone()
    assert row
    return str(row[0])
