"""One home's PostgreSQL: made atomically, started, recovered, stopped. It has no TCP port."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from viability.home import ServiceError
from viability.leftovers import running, stop_leftovers
from viability.logs import fresh_log, last_lines
from viability.places import SOCKET, Place, leave, place_for
from viability.processes import POLL_SECONDS, Step, as_account, start, stop

VERSION = "18"
NAME = "viability"
CREATE = f"CREATE DATABASE {NAME};\n".encode()
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
STEPS: tuple[Step, ...] = ((FAST, 30), (IMMEDIATE, 10), (signal.SIGKILL, 5))
REMIND_SECONDS = 10
# Not the caller's environment: PGDATA, PGPORT and locales would change what the programs do.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "synchronous_commit": "on",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
INITDB = (
    "--auth=trust",  # only those who can enter the socket's folder get this far
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
)


class Postgres:
    """The PostgreSQL server of one home, whose lock the caller holds."""

    name = "PostgreSQL"

    def __init__(self, home: Path, *, say: Callable[[str], None]) -> None:
        self._say = say
        self.log = home / "logs" / "postgres.log"
        self._place: Place = place_for(home, say=say)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._place.sockets), safe='/')}"

    def start(self) -> None:
        """Start it, after clearing away what an earlier run left; `wait` tells when it answers."""
        self._clear_leftovers()
        if not self._place.data.exists():
            self._create()
        self._check_data()
        self._clear_stale_files()
        with fresh_log(self.log) as log:
            self._process = start(
                self._command(),
                environment=ENVIRONMENT,
                log=log,
                **as_account(self._place.account),
                death_signal=FAST,
            )

    def wait(self) -> None:
        """Return once it answers; recovery may take its time, so only its death ends the wait."""
        reminder = time.monotonic() + REMIND_SECONDS
        while not self._answers():
            if self.exit_status() is not None:
                raise ServiceError(f"PostgreSQL did not start:\n{last_lines(self.log)}")
            if time.monotonic() > reminder:
                self._say(f"still waiting for PostgreSQL: {last_lines(self.log, 1)}")
                reminder += REMIND_SECONDS
            time.sleep(POLL_SECONDS)
        if "was not properly shut down" in self.log.read_text(errors="replace"):
            self._say("PostgreSQL recovered its data from an unclean stop")

    def exit_status(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Stop it: open transactions are rolled back, everything committed is on disk."""
        if self._process:
            stop(self._process, STEPS)
        leave(self._place.sockets)

    def _command(self) -> list[str | Path]:
        options = OPTIONS | {"unix_socket_directories": str(self._place.sockets)}
        settings = [part for item in options.items() for part in ("-c", "=".join(item))]
        # The port is only the end of the socket's name.
        return [self._program("postgres"), "-D", self._place.data, "-p", "5432", *settings]

    def _program(self, name: str) -> Path:
        return self._place.programs / name

    def _answers(self) -> bool:
        """Tell by the line that the postmaster adds once it takes connections, as pg_ctl does."""
        try:
            lines = (self._place.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            self._process is not None
            and len(lines) > 7  # noqa: PLR2004 - the eighth line is the status
            and lines[0] == str(self._process.pid)
            and lines[7].strip() == "ready"
        )

    def _clear_leftovers(self) -> None:
        data = self._place.data
        if stopped := stop_leftovers(lambda: running("postgres", data), STEPS):
            pids = ", ".join(str(pid) for pid in stopped)
            self._say(f"found a PostgreSQL that outlived its killed run (pid {pids}); stopped it")
        for half_made in data.parent.glob(f"{data.name}.new-*"):
            shutil.rmtree(half_made)
            self._say("removed a half-made database of an earlier run")

    def _clear_stale_files(self) -> None:
        # Nothing of ours runs here any more, so whatever process these files name is a stranger.
        # PostgreSQL would refuse to start if a stranger of the same user had that pid.
        sockets, pid_file = self._place.sockets, self._place.data / "postmaster.pid"
        if pid_file.exists():
            self._say("removed a stale pid file of PostgreSQL")
        for stale in (pid_file, sockets / SOCKET, sockets / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)

    def _check_data(self) -> None:
        data = self._place.data
        try:
            found = (data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise ServiceError(f"{data} holds no PostgreSQL data: move it away") from None
        if found != VERSION:
            raise ServiceError(f"{data} was made by PostgreSQL {found}, this is {VERSION}")

    def _create(self) -> None:
        """Make the data folder under another name, so that a half-made one is never taken up."""
        data = self._place.data
        new = data.with_name(f"{data.name}.new-{secrets.token_hex(4)}")
        new.mkdir(mode=0o700)
        if account := self._place.account:
            os.chown(new, account.uid, account.gid)
        self._say("making a new database")
        self._run([self._program("initdb"), "-D", new, "-U", NAME, *INITDB])
        self._run([self._program("postgres"), "--single", "-D", new, "postgres"], CREATE)
        new.rename(data)
        _sync_folder(data.parent)

    def _run(self, command: list[str | Path], text: bytes = b"") -> None:
        with fresh_log(self.log) as log:
            process = start(
                command,
                environment=ENVIRONMENT,
                log=log,
                **as_account(self._place.account),
                death_signal=signal.SIGKILL,  # what it was making is thrown away
                stdin=subprocess.PIPE,
            )
        try:
            process.communicate(text)
        finally:
            process.kill()
        if process.returncode:
            raise ServiceError(f"PostgreSQL could not make its database:\n{last_lines(self.log)}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
