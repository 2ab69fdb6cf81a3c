"""Ours as a whole, from the lease to the stored trial: by the command line and by Celery workers.

Both rest on the services of DATABASE_URL and BROKER_URL, so that what PostgreSQL takes is not
counted as theirs.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tests.bench.measuring import Load, Measure, environment, run_program
from tests.bench.processes import Counted, counted, family
from tests.bench.serving import StandInServer, stand_in
from tests.bench.specs import write_spec
from tests.bench.stored import Stored, stored

VIABILITY = (sys.executable, "-m", "viability.cli")
_STORED = re.compile(r"run left .* stored=(\d+)")
_MOST_SECONDS = 900


class CommandLine:
    """`viability evaluate` on a home that is there already."""

    name = "viability evaluate"
    missing = ""

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Carry out one evaluation against an endpoint of its own."""
        with TemporaryDirectory() as name, stand_in(latency=load.seconds, **behaviour) as server:
            folder = Path(name)
            task = write_spec(folder, load, url=server.url, timeout=timeout)
            home = ("--home", str(folder / "home"))
            command = (*VIABILITY, "evaluate", str(folder / "spec.yaml"), *home)
            found = run_program(self.name, command, server)
            # 1 and 2 are verdicts.
            exit_status = found.exit_status if found.exit_status > 2 else 0
            found = replace(found, exit_status=exit_status)
            return _until_stored(found, server, stored(task, goes_on=lambda: False))


class CeleryWorkers:
    """So many Celery workers of one process each; a worker has started before the ring."""

    missing = ""

    def __init__(self, workers: int) -> None:
        self.name = f"viability, {workers} Celery worker{'s' if workers > 1 else ''}"
        self._workers = workers

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Ring for one evaluation and wait for its end."""
        pool = f"bench-{uuid4()}"
        with ExitStack() as stack:
            server = stack.enter_context(stand_in(latency=load.seconds, **behaviour))
            folder = Path(stack.enter_context(TemporaryDirectory()))
            task = write_spec(folder, load, url=server.url, timeout=timeout, pool=pool)
            workers = [
                stack.enter_context(_worker(folder, pool, number))
                for number in range(self._workers)
            ]
            _wait_until_idle(workers)
            before = [counted(worker.pid) for worker in workers]
            rung_at = _begin(folder / "spec.yaml", rings=self._workers)
            found = stored(task, goes_on=_until(time.monotonic() + _MOST_SECONDS))
            after = [counted(worker.pid) for worker in workers]
            measure = _measure(self.name, server, rung_at, before=before, after=after)
            measure = _until_stored(measure, server, found)
            _stop(workers)
            return replace(measure, shares=_shares(folder, self._workers))


@contextmanager
def _worker(folder: Path, pool: str, number: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a worker that listens to this pool alone, and kill it at the end."""
    options = ("-Q", pool, "-n", f"{pool}-{number}@bench", "--concurrency", "1")
    command = (*VIABILITY, "worker", *options, "--home", str(folder / "home"))
    with (folder / f"worker-{number}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
    with process:
        try:
            yield process
        finally:
            for pid in reversed(family(process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _wait_until_idle(workers: list["subprocess.Popen[bytes]"]) -> None:
    """Return once each has forked its process and computes no more."""
    for worker in workers:
        spent, until = -1.0, time.monotonic() + 60
        while len(family(worker.pid)) < 2 or counted(worker.pid).cpu_seconds - spent > 0.03:
            if worker.poll() is not None or time.monotonic() > until:
                raise RuntimeError("a Celery worker did not start")
            spent = counted(worker.pid).cpu_seconds
            time.sleep(1.0)


def _begin(spec: Path, *, rings: int) -> float:
    command = (sys.executable, "-m", "tests.bench.begin", str(spec), str(rings))
    begun = subprocess.run(command, env=environment(), check=True, capture_output=True)
    rung_at: float = json.loads(begun.stdout)["rung_at"]
    return rung_at


def _until(deadline: float) -> Any:
    return lambda: time.monotonic() < deadline


def _measure(
    name: str,
    server: StandInServer,
    rung_at: float,
    *,
    before: list[Counted],
    after: list[Counted],
) -> Measure:
    stats = server.stats()
    spent = [
        late.cpu_seconds - early.cpu_seconds for early, late in zip(before, after, strict=True)
    ]
    return Measure(
        client=name,
        exit_status=0,
        wall_seconds=stats["last_at"] - stats["first_at"],
        startup_seconds=stats["first_at"] - rung_at,
        total_seconds=time.monotonic() - rung_at,
        cpu_seconds=sum(spent),
        peak_mb=max(each.peak_mb for each in after),
        most_in_flight=stats["most_busy"],
        requests=stats["requests"],
        summary={},
    )


def _until_stored(found: Measure, server: StandInServer, kept: Stored | None) -> Measure:
    """Return the measure with its end moved to the end of the run as the database has it."""
    if kept is None:
        return replace(found, exit_status=found.exit_status or 4, problem=found.problem or "no end")
    return replace(
        found,
        wall_seconds=kept.ended_at - server.stats()["first_at"],
        summary={"states": kept.states, "score": kept.score},
    )


def _stop(workers: list["subprocess.Popen[bytes]"]) -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait(30)


def _shares(folder: Path, workers: int) -> tuple[int, ...]:
    """Return how many samples each worker stored, by its own log."""
    logs = [(folder / f"worker-{number}.log").read_text() for number in range(workers)]
    return tuple(sum(map(int, _STORED.findall(log))) for log in logs)
