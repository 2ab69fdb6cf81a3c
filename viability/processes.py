"""Processes that must not outlive this one, and the signals that end it."""

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn, Protocol

POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1
HURRIED_SECONDS = 1.0
_libc = ctypes.CDLL(None, use_errno=True)

Handler = Callable[[int, FrameType | None], Any] | signal.Handlers
Step = tuple[signal.Signals, float]
"""A signal, and the seconds to wait for its effect before the next, harder step."""


class Stopped(SystemExit):
    """A signal asked this process to end.

    A SystemExit, because asyncio lets only that and KeyboardInterrupt out of a running loop.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.exit_status = 128 + number


class Unit(Protocol):
    """A child process that can be started again when it has ended."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def log(self) -> Path:
        """Where its output goes."""

    def start(self) -> None:
        """Start it."""

    def wait(self) -> None:
        """Return once it is of use."""

    def exit_status(self) -> int | None:
        """Return how it ended, or None while it runs."""

    def stop(self) -> None:
        """Stop it, for good."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group that a process runs as."""

    uid: int
    gid: int


@dataclass(slots=True)
class _Patience:
    seconds: float = math.inf


_patience = _Patience()


def say(words: str) -> None:
    """Tell the person at the terminal, away from a command's own output."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def handling(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Answer signals this way while the block runs."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stoppable() -> contextlib.AbstractContextManager[None]:
    """Turn SIGTERM and SIGHUP into `Stopped`, and SIGINT into `KeyboardInterrupt`.

    SIGINT too, since a shell starts background jobs with it ignored.
    """
    handlers: dict[signal.Signals, Handler] = {
        signal.SIGTERM: _stop,
        signal.SIGINT: signal.default_int_handler,
    }
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        handlers[signal.SIGHUP] = _stop
    return handling(handlers)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def start(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: IO[bytes],
    death_signal: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a process that the kernel signals when this one dies, in a session of its own.

    A session of its own, because Ctrl-C reaches a terminal's whole group and the services have
    to outlive those who use them. Call it from the main thread: the kernel watches the thread.
    Its output goes to the log; further `options` are Popen's.
    """
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
    process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our programs, no shell
        command,
        **(streams | options),
        env=environment,
        start_new_session=True,
        preexec_fn=dies_with_us(death_signal),  # noqa: PLW1509 - system calls only
    )
    return process


def as_account(account: Account | None) -> dict[str, Any]:
    """Return Popen's options to run as that user, in `/`: ours may be out of that user's reach."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"}


def dies_with_us(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child does before it runs its program, to get `death_signal` at our death."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def in_child() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew whom to watch
            os.kill(os.getpid(), signal.SIGKILL)

    return in_child


def stop(process: subprocess.Popen[bytes], steps: Sequence[Step]) -> None:
    """Stop a child, step by step; once someone presses Ctrl-C again, no step lasts long."""
    for number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(min(seconds, _patience.seconds))
        except subprocess.TimeoutExpired:
            continue
        except (KeyboardInterrupt, Stopped):
            _patience.seconds = HURRIED_SECONDS
