"""What one run of one client took, seen from outside: by the endpoint and by the kernel."""

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from tests.bench.serving import StandInServer

CACHE = Path.home() / ".cache" / "viability-bench"
_MOST_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for: so many samples, so many at once, each answered after so long."""

    samples: int
    connections: int
    seconds: float

    @property
    def limit_seconds(self) -> float:
        """What nobody can beat."""
        return self.samples * self.seconds / self.connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a run took; wall is from the first request to the last answer, as the endpoint saw it.

    `startup_seconds` is from the command to the first request, `total_seconds` to the end of the
    program; `cpu_seconds` is the whole process's. `shares` says how many samples each of several
    workers stored.
    """

    client: str
    exit_status: int
    wall_seconds: float
    startup_seconds: float
    total_seconds: float
    cpu_seconds: float
    peak_mb: float
    most_in_flight: int
    requests: int
    summary: dict[str, Any]
    problem: str = ""
    shares: tuple[int, ...] = ()


class Client(Protocol):
    """Something that asks, and is measured."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def missing(self) -> str:
        """Why it cannot be run; empty where it can."""

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Ask an endpoint of its own, which behaves so."""


def environment() -> dict[str, str]:
    """Return the environment of every client: all keep their compiled modules, in one place."""
    kept = {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "compiled")}


def run_program(name: str, command: Sequence[str], server: StandInServer) -> Measure:
    """Run a program that asks this endpoint, to its end."""
    started = time.monotonic()
    with TemporaryFile("w+") as said, TemporaryFile("w+") as complaint:
        process = subprocess.Popen(command, stdout=said, stderr=complaint, env=environment())
        status, usage = _ended(process.pid)
        total, process.returncode = time.monotonic() - started, status
        stats = server.stats()
        return Measure(
            client=name,
            exit_status=status,
            wall_seconds=stats["last_at"] - stats["first_at"],
            startup_seconds=stats["first_at"] - started,
            total_seconds=total,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss / 1024,
            most_in_flight=stats["most_busy"],
            requests=stats["requests"],
            summary=_summary(_text(said)),
            problem=_problem(_text(complaint)) if status else "",
        )


def _ended(pid: int) -> tuple[int, resource.struct_rusage]:
    """Return the exit status and what the kernel counted, killing what takes far too long."""
    deadline = time.monotonic() + _MOST_SECONDS
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _problem(complaint: str) -> str:
    """Return the last line that names an error, or else the last line."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    named = [line for line in lines if "Error" in line or "Exception" in line]
    return (named or lines or [""])[-1][:200]


def _summary(said: str) -> dict[str, Any]:
    """Return the JSON of the last line; a client that died has said nothing."""
    lines = said.strip().splitlines()
    try:
        summary: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {}
    return summary
