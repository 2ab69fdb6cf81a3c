"""The parts that chaos falls on, as `viability up` runs them: servers, two workers and the beat."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.chaos.paces import Pace
from viability.children import WARM_THEN_COLD, Child, Keeper, project_environment
from viability.embedded import addresses_of, embedded_servers, take_home, with_services
from viability.leftovers import marked, running
from viability.processes import Unit

MARK = "VIABILITY_SUPERVISED"
READY_SECONDS = 90
APP = ("-A", "tests.chaos.hurried")


class Rig:
    """Real parts that are started again when they end, while somebody waits in `until`.

    Call it from one thread: the kernel stops the parts when that ends.
    """

    def __init__(self, home: Path, servers: Mapping[str, Any], pace: Pace) -> None:
        self.home = home
        environment = with_services(os.environ, addresses_of(servers))
        self.environment = project_environment(environment, home=home) | pace.clocks
        self.workers = [_worker(home, self.environment, name) for name in ("worker-1", "worker-2")]
        self.beat = _beat(home, self.environment)
        self._servers = servers
        self._keepers: list[Keeper] = []
        self.said: list[str] = []

    @property
    def database(self) -> Unit | None:
        """The embedded PostgreSQL, None where another is configured."""
        return self._servers.get("DATABASE_URL")

    @property
    def broker(self) -> Unit | None:
        """The embedded broker, None where another is configured."""
        return self._servers.get("BROKER_URL")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Run the workers and the beat while the block runs."""
        with ExitStack() as stack:
            for child in (*self.workers, self.beat):
                stack.callback(child.stop)
                child.start()
            self.calm()
            self.until(self.is_ready, seconds=READY_SECONDS)
            yield

    def calm(self) -> None:
        """Forget how often parts have ended, as an hour of peace would."""
        parts = (*self._servers.values(), *self.workers, self.beat)
        self._keepers = [Keeper(part, self.said.append) for part in parts]

    def is_ready(self) -> bool:
        """Return whether every worker that runs takes jobs."""
        return all(_takes_jobs(worker) for worker in self.workers)

    def until(self, condition: Callable[[], Any], *, seconds: float) -> bool:
        """Wait for the condition, starting again what has ended; return whether it came."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.wait(0.02)
        return True

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        end = time.monotonic() + seconds
        while True:
            for keeper in self._keepers:
                keeper.check()
            if time.monotonic() >= end:
                return
            time.sleep(0.01)

    def processes_of(self, unit: Unit) -> list[int]:
        """Return the part's processes, its first one first."""
        if isinstance(unit, Child):
            return sorted(marked(MARK, unit.mark))
        if unit is self.broker:
            return running("valkey-server", self.home.resolve() / "valkey")
        lines = (self.home / "postgres" / "postmaster.pid").read_text().splitlines()
        return [int(lines[0])]

    def send(self, unit: Unit, number: signal.Signals) -> None:
        """Send a signal: to all of a worker's processes, or to a server's first one."""
        found = self.processes_of(unit)
        polite = number in (signal.SIGTERM, signal.SIGINT)
        for pid in found[:1] if polite else found:
            os.kill(pid, number)


@contextmanager
def rig(home: Path, pace: Pace) -> Iterator[Rig]:
    """Run the servers that no address is configured for, and make a rig of them."""
    said: list[str] = []
    wanted = [not os.environ.get(name) for name in ("DATABASE_URL", "BROKER_URL")]
    with (
        take_home(home, command="chaos", say=said.append) as held,
        embedded_servers(held, say=said.append, database=wanted[0], broker=wanted[1]) as servers,
    ):
        yield Rig(held, servers, pace)


def _worker(home: Path, environment: Mapping[str, str], name: str) -> Child:
    options = ["--concurrency", "1", "--queues", "default", "--loglevel", "INFO"]
    calm = ["--hostname", f"{name}@%h", "--without-mingle", "--without-gossip"]
    return Child(name, _celery("worker", *options, *calm), home, environment, WARM_THEN_COLD)


def _beat(home: Path, environment: Mapping[str, str]) -> Child:
    schedule = ["--schedule", str(home / "beat-schedule"), "--loglevel", "INFO"]
    return Child("beat", _celery("beat", *schedule), home, environment)


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", *APP, *words]


def _takes_jobs(worker: Child) -> bool:
    # A restarted child writes on in its log, so its latest start is what counts.
    _, _, latest = worker.log.read_text(errors="replace").rpartition("[config]")
    return " ready." in latest
