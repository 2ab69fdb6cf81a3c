"""A home folder: who holds it, and the addresses of the services that its holder runs."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import shorten

from viability.processes import say

LOCK = "lock"
SERVICES = "services.json"
# `running_services` holds a shared lock for an instant while it looks; a taker outwaits that.
LOOK_SECONDS = 0.3

_held: set[int] = set()


class HomeBusy(Exception):  # noqa: N818 - reads as what it is at the place it is raised
    """Another process holds the home; the message names its pid and command."""


class ServiceError(Exception):
    """A service could not be started; the message says why and what can be done."""


@dataclass(frozen=True, slots=True)
class ServiceAddresses:
    """Where the database and the broker answer; None for one that was not asked for."""

    database_url: str | None
    broker_url: str | None

    def environment(self) -> dict[str, str]:
        """Return the environment variables that tell a process about these services."""
        named = {"DATABASE_URL": self.database_url, "BROKER_URL": self.broker_url}
        return {name: url for name, url in named.items() if url is not None}


def _forget_locks_in_child() -> None:
    # A forked child shares the lock; if it outlived a killed parent it would keep the home busy.
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_locks_in_child)


@contextlib.contextmanager
def take_home(home: Path, *, command: str, say: Callable[[str], None] = say) -> Iterator[Path]:
    """Hold the home for this process alone and yield its absolute path.

    The lock is the kernel's, so it is gone with its holder however that ended; only the holder's
    name stays in the file when it was killed.

    Raises:
        HomeBusy: If another process holds it.
        ServiceError: If it cannot be made.
    """
    home = _made(home)
    descriptor = _opened_lock(home, os.O_RDWR | os.O_CREAT)
    _held.add(descriptor)
    try:
        _lock(descriptor, home)
        if killed := _name(home):
            say(f"process {killed[0]} ({killed[1]}) of {home} was killed; recovering")
        _write(descriptor, f"{os.getpid()}\n{shorten(command, 200)}\n")
        try:
            yield home
        finally:
            _write(descriptor, "")
    finally:
        if descriptor in _held:  # not so in a forked child, which has closed its own
            _held.remove(descriptor)
            os.close(descriptor)


@contextlib.contextmanager
def published(home: Path, addresses: ServiceAddresses) -> Iterator[None]:
    """Let other commands of this home find the services while the block runs."""
    record = home / SERVICES
    new = home / f"{SERVICES}.new"
    # A configured URL may carry a password.
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({"pid": os.getpid(), **asdict(addresses)}, out)
    new.replace(record)
    try:
        yield
    finally:
        record.unlink(missing_ok=True)


def running_services(home: Path) -> ServiceAddresses | None:
    """Return the addresses that a live `viability up` of this home published, if there is one.

    Raises:
        ServiceError: If this user may not look into the home.
    """
    home = home.expanduser().absolute()
    if not _is_held(home):
        return None
    try:
        record = json.loads((home / SERVICES).read_text())
        pid = record.pop("pid")
        addresses = ServiceAddresses(**record)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    # A file that a killed holder left behind names another pid.
    return addresses if pid == _holder(home)[0] else None


def _made(home: Path) -> Path:
    home = home.expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(f"cannot use {home} as a home: {error.strerror}") from error
    return home


def _opened_lock(home: Path, flags: int) -> int:
    try:
        return os.open(home / LOCK, flags | os.O_CLOEXEC, 0o600)
    except (PermissionError, NotADirectoryError) as error:
        raise ServiceError(f"cannot use {home} as a home: {error.strerror}") from error


def _write(descriptor: int, text: str) -> None:
    if descriptor in _held:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def _lock(descriptor: int, home: Path) -> None:
    deadline = time.monotonic() + LOOK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                pid, command = _holder(home)
                raise HomeBusy(f"{home} is in use by process {pid} ({command})") from None
            time.sleep(0.02)
        else:
            return


def _holder(home: Path) -> tuple[int, str]:
    return _name(home) or (0, "just starting")


def _name(home: Path) -> tuple[int, str] | None:
    lines = (home / LOCK).read_text().splitlines()
    return (int(lines[0]), lines[1]) if len(lines) > 1 else None


def _is_held(home: Path) -> bool:
    try:
        descriptor = _opened_lock(home, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
