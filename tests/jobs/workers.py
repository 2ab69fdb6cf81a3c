"""Worker processes of the real kind, on the test's own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo

PROJECT = Path(__file__).parents[2]
WORK = """
import sys
import django
django.setup()
from evals.services.execution import work_on_run
print("ready", flush=True)
work_on_run(int(sys.argv[1]))
"""


def environment() -> dict[str, str]:
    """Return what a process needs to work on this test's database."""
    settings = connection.settings_dict
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    parts = {libpq: str(settings[name]) for name, libpq in names.items() if settings[name]}
    return {
        **os.environ,
        "DATABASE_URL": make_conninfo(**parts),
        "DJANGO_SETTINGS_MODULE": "viability.settings",
        "ALLOW_PRIVATE_ENDPOINTS": "1",
        "PYTHONPATH": str(PROJECT),
    }


def worker_process(run_id: int) -> subprocess.Popen[str]:
    """Start a process that works on a run, and return it once it is about to begin."""
    command = [sys.executable, "-c", WORK, str(run_id)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@contextmanager
def celery_worker(
    queue: str, log: Path, *, concurrency: int = 1
) -> Iterator[subprocess.Popen[Any]]:
    """Run a Celery worker for one queue and yield it once it takes jobs."""
    options = ["--queues", queue, "--concurrency", str(concurrency), "--loglevel", "INFO"]
    calm = ["--hostname", f"{queue}@%h", "--without-mingle", "--without-gossip"]
    command = [sys.executable, "-m", "celery", "-A", "viability", "worker", *options, *calm]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(), stdout=out, stderr=out, cwd=PROJECT)
    try:
        until(lambda: b" ready." in log.read_bytes(), seconds=60)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            _wait_or_kill(process)


def children_of(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait_or_kill(process: subprocess.Popen[Any]) -> None:
    """End the worker as `viability up` does: one that is told to go and stays is killed.

    Celery's worker over Redis goes on polling now and then when it is told in its first second.
    """
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        for pid in (process.pid, *children_of(process.pid)):
            os.kill(pid, signal.SIGKILL)
        process.wait()


def until(condition: Callable[[], Any], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
