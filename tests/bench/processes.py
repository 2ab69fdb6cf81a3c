"""What the kernel counts for a process and the processes that it has forked and not buried."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Processor seconds of all together, and the largest resident set of one of them."""

    cpu_seconds: float
    peak_mb: float


def family(pid: int) -> list[int]:
    """Return the process and its descendants."""
    return [pid, *(below for child in _children(pid) for below in family(child))]


def counted(pid: int) -> Counted:
    """Return what was counted so far."""
    members = family(pid)
    return Counted(cpu_seconds=sum(map(_cpu_seconds, members)), peak_mb=max(map(_peak_mb, members)))


def _children(pid: int) -> Iterator[int]:
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, listed.read_text().split())


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / _TICKS


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
