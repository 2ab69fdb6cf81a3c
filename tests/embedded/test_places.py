import contextlib
import os
import pwd
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.embedded.served import (
    ENVIRONMENT,
    addresses_from,
    copy_home,
    remember,
    remembered,
    run,
    serving,
    supervisor,
)
from viability import places
from viability.embedded import ServiceError
from viability.leftovers import running

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand PostgreSQL over")


@pytest.mark.parametrize("name", ["long-" * 30, "a home, ünïque & 100%"])
def test_a_home_may_have_any_name(home, folder, name):
    home = home.rename(folder / name)
    with serving(home) as addresses:
        remember(addresses, "one")
        sockets = str(addresses.database_url).partition("host=")[2]
        assert len(sockets) < 80
    with serving(home) as addresses:
        assert remembered(addresses) == (["one"], ["one"])
    assert not Path(sockets).exists()


def test_a_short_folder_that_someone_else_made_is_not_used(home, folder, monkeypatch):
    home = home.rename(folder / ("long-" * 30))
    monkeypatch.setattr(places, "SHORT", folder)
    taken = places.socket_folder(home)
    taken.rmdir()
    taken.symlink_to("/")
    with pytest.raises(ServiceError, match="belongs to user"):
        places.socket_folder(home)


def test_a_database_that_was_half_made_is_made_again(folder, said):
    home = folder / "home"
    with supervisor(home) as process:
        deadline = time.monotonic() + 20
        while not list(home.glob("postgres.new-*/PG_VERSION")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert not (home / "postgres").exists()
    with serving(home, said.append) as addresses:
        remember(addresses, "one")
    assert "removed a half-made database of an earlier run" in said
    assert not list(home.glob("postgres.new-*"))


@as_root
def test_root_keeps_a_database_where_its_service_user_can_reach_it(folder, said):
    folder.chmod(0o700)
    home = folder / "home"
    with serving(home, said.append) as addresses:
        remember(addresses, "one")
        [server, *_] = running("postgres", home / "postgres")
        assert Path(f"/proc/{server}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert (home / "postgres").readlink().is_relative_to("/var/lib/viability/homes")
    moved = home.rename(folder / "moved")
    with serving(moved) as addresses:
        assert remembered(addresses) == (["one"], ["one"])
    copied = copy_home(moved, folder / "copy")
    with pytest.raises(ServiceError, match="is a copy of"), serving(copied):
        pass


@as_root
def test_a_link_to_a_database_that_is_gone_is_refused(folder):
    home = folder / "home"
    home.mkdir()
    (home / "postgres").symlink_to("/var/lib/viability/homes/none/data")
    with pytest.raises(ServiceError, match="gone with the database"), serving(home):
        pass
    (home / "postgres").unlink()


@as_root
def test_programs_out_of_reach_are_copied_once(home, programs, monkeypatch):
    monkeypatch.setattr(places, "SYSTEM", programs / "system")
    monkeypatch.setattr(places, "_can_read", lambda *_: False)
    for _ in range(2):
        with serving(home) as addresses, psycopg.connect(str(addresses.database_url)):
            [copy] = (programs / "system").iterdir()
            [server, *_] = running("postgres", home / "postgres")
            assert Path(f"/proc/{server}/exe").readlink().is_relative_to(copy)


@as_root
def test_a_user_without_privileges_runs_everything_alone(folder):
    nobody = pwd.getpwnam("nobody")
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    python = python_for(who)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    home = folder / "home"
    for word in ("one", "two"):
        with supervisor(home, python=python, **who) as process:
            remember(addresses_from(process), word)
            process.terminate()
            assert process.wait() == 128 + signal.SIGTERM
    assert {file.lstat().st_uid for file in home.rglob("*")} == {nobody.pw_uid}
    with serving(home) as addresses:  # root goes on with the data as the user who owns it
        assert remembered(addresses) == (["one", "two"], ["one", "two"])


def python_for(who: dict[str, Any]) -> str:
    """Return a Python that this user can run our code with; root's own is often out of reach."""
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            tried = run("-c", "import viability.embedded", python=python, env=ENVIRONMENT, **who)
            if tried.returncode == 0:
                return python
    return pytest.skip("this checkout or its environment is out of reach for others")
