"""Processes of an earlier run that outlived it: told from strangers with certainty, then stopped.

Nothing here believes a pid file. A pid is one of ours when the process behind it executes our
program in our data folder (PostgreSQL and Valkey both work in theirs), or was started with our
mark in its environment.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from viability.processes import POLL_SECONDS, Step

PROC = Path("/proc")


def stop_leftovers(find: Callable[[], list[int]], steps: Sequence[Step]) -> list[int]:
    """Stop what `find` names, parents first, and return the parents' pids."""
    stopped = _parents(find())
    if not stopped:
        return []
    for number, seconds in steps:
        found = find()
        for pid in found if number == signal.SIGKILL else _parents(found):
            _signal_if_found(pid, number, find)
        deadline = time.monotonic() + seconds
        while find() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if not find():
            break
    return stopped


def running(program: str, directory: Path) -> list[int]:
    """Return the processes that execute `program` with `directory` as their working folder."""
    try:
        wanted = directory.stat()
    except OSError:
        return []
    if sys.platform != "linux":
        return _running_by_arguments(program, directory)
    return [pid for pid in _pids() if _executes(pid, program) and _works_in(pid, wanted)]


def marked(name: str, value: str) -> list[int]:
    """Return the processes, but for this one, that were started with an environment variable."""
    entry = f"{name}={value}".encode()
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):  # gone, or somebody else's
            if entry in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return [pid for pid in found if pid != os.getpid()]


def _signal_if_found(pid: int, number: signal.Signals, find: Callable[[], list[int]]) -> None:
    # Pinned first and looked at again after, so that a pid that has passed to an unrelated
    # process in between is not signalled.
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "linux":
            if pid in find():
                os.kill(pid, number)
            return
        handle = os.pidfd_open(pid)
        try:
            if pid in find():
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def _parents(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int:
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    # pid (name) state parent …; the name may hold spaces and brackets
    return int(stat.rpartition(")")[2].split()[1])


def _pids() -> list[int]:
    if not PROC.is_dir():
        return []
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _executes(pid: int, program: str) -> bool:
    try:
        executable = (PROC / str(pid) / "exe").readlink()
    except OSError:  # gone, a zombie, or somebody else's
        return False
    # An upgrade replaces the file under a running server.
    return executable.name.removesuffix(" (deleted)") == program


def _works_in(pid: int, directory: os.stat_result) -> bool:
    try:
        return os.path.samestat((PROC / str(pid) / "cwd").stat(), directory)
    except OSError:
        return False


def _running_by_arguments(program: str, directory: Path) -> list[int]:
    listing = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="],  # noqa: S607 - wherever the system keeps it
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(maxsplit=1) for line in listing.splitlines()]
    return [int(pid) for pid, line in rows if program in line and str(directory) in line]
