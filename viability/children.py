"""The programs that `viability up` supervises: the web server, the worker and the beat."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from viability.home import ServiceError
from viability.leftovers import marked, stop_leftovers
from viability.logs import fresh_log, last_lines, open_log
from viability.processes import Step, Unit, start, stop

MARK = "VIABILITY_SUPERVISED"
PROJECT = Path(__file__).resolve().parent.parent
QUICK: tuple[Step, ...] = ((signal.SIGTERM, 5), (signal.SIGKILL, 5))
# Celery: the first lets the jobs at hand finish, the second gives them back.
WARM_THEN_COLD: tuple[Step, ...] = ((signal.SIGTERM, 5), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
HEALTHY_SECONDS = 60
LONGEST_WAIT_SECONDS = 30


@dataclass(slots=True)
class Child:
    """One supervised program, its log in the home."""

    name: str
    command: Sequence[str]
    home: Path
    environment: Mapping[str, str]
    steps: tuple[Step, ...] = QUICK
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def mark(self) -> str:
        """What its processes, and theirs, carry in their environment."""
        return f"{self.home}#{self.name}"

    def start(self) -> None:
        """Start it, after what is left of its earlier processes has ended."""
        self.clear_leftovers()
        open_fitting = fresh_log if self._process is None else open_log
        environment = {**self.environment, MARK: self.mark}
        with open_fitting(self.log) as log:
            self._process = start(self.command, environment=environment, log=log)

    def wait(self) -> None:
        """Nothing to wait for."""

    def exit_status(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll() if self._process else None

    def ask_to_stop(self) -> None:
        """Let it begin to stop while others do too."""
        if self._process:
            self._process.send_signal(self.steps[0][0])

    def stop(self) -> None:
        """Stop it and whatever it has started."""
        if self._process:
            stop(self._process, self.steps)
            self.clear_leftovers()

    def clear_leftovers(self) -> list[int]:
        """Stop processes that outlived it, such as the workers of a killed web server."""
        return stop_leftovers(lambda: marked(MARK, self.mark), QUICK)


def web(home: Path, environment: Mapping[str, str], *, port: int) -> Child:
    """Return the web server; threads, since a page may wait for the database."""
    options = {
        "interface": "wsgi",
        "host": "127.0.0.1",
        "port": str(port),
        "workers": "1",
        "blocking-threads": "4",
        "workers-kill-timeout": "3",
    }
    named = [part for name, value in options.items() for part in (f"--{name}", value)]
    switches = ["--no-ws", "--respawn-failed-workers"]
    command = _python("granian", *named, *switches, "viability.wsgi:application")
    return Child("web", command, home, environment)


def worker(home: Path, environment: Mapping[str, str], *, concurrency: int) -> Child:
    """Return the worker that comes with `viability up`."""
    options = ["--concurrency", str(concurrency), "--queues", "default", "--loglevel", "INFO"]
    # A name of its own beside `viability worker` on the same host, and no second spent greeting.
    calm = ["--hostname", "up@%h", "--without-mingle", "--without-gossip"]
    command = _python("celery", "-A", "viability", "worker", *options, *calm)
    return Child("worker", command, home, environment, WARM_THEN_COLD)


def beat(home: Path, environment: Mapping[str, str]) -> Child:
    """Return the clock that rings for unfinished work."""
    schedule = ["--schedule", str(home / "beat-schedule"), "--loglevel", "INFO"]
    return Child("beat", _python("celery", "-A", "viability", "beat", *schedule), home, environment)


def django(*arguments: str) -> list[str]:
    """Return the command line of a Django command in a process of its own."""
    return _python("viability.cli", *arguments)


def project_environment(environment: Mapping[str, str], *, home: Path) -> dict[str, str]:
    """Return what a program needs to find the project, its settings and its home."""
    paths = [str(PROJECT), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        **environment,
        "DJANGO_SETTINGS_MODULE": "viability.settings",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "VIABILITY_HOME": str(home),
    }


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


@dataclass(slots=True)
class Keeper:
    """Starts a unit again when it ends, after a wait that doubles while it keeps ending."""

    unit: Unit
    say: Callable[[str], None]
    _failures: int = 0
    _started: float = field(default_factory=time.monotonic)
    _due: float | None = None

    def check(self) -> None:
        """Do what is due now; call it often."""
        now = time.monotonic()
        if self._due is None:
            status = self.unit.exit_status()
            if status is not None:
                self._plan(now, f"stopped ({_in_words(status)})")
        elif now >= self._due:
            self._restart(now)

    def _plan(self, now: float, what: str) -> None:
        quick = now - self._started < HEALTHY_SECONDS
        self._failures = self._failures + 1 if quick else 1
        seconds = min(LONGEST_WAIT_SECONDS, 2 ** (self._failures - 1))
        self._due = now + seconds
        self.say(f"{self.unit.name} {what}; starting it again in {seconds} s")
        if lines := last_lines(self.unit.log, 5):
            self.say(f"the end of {self.unit.log}:\n{lines}")

    def _restart(self, now: float) -> None:
        self._started, self._due = now, None
        try:
            self.unit.start()
            self.unit.wait()
        except (ServiceError, OSError) as error:
            self._plan(now, f"did not start: {error}")


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
