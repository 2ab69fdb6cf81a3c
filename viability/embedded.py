"""Embedded PostgreSQL and Valkey: started for one home, stopped at the end, whatever happened.

`python -m viability.embedded --home DIR -- COMMAND…` runs a command beside them.
"""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from viability.home import HomeBusy, ServiceAddresses, ServiceError, running_services, take_home
from viability.postgres import Postgres
from viability.processes import Handler, Stopped, Unit, dies_with_us, handling, say, stoppable
from viability.valkey import Valkey

__all__ = [
    "HomeBusy",
    "ServiceAddresses",
    "ServiceError",
    "embedded_servers",
    "embedded_services",
    "running_services",
    "take_home",
]

NAMES = ("DATABASE_URL", "BROKER_URL")
FAILED, NOT_FOUND, INTERRUPTED = 4, 127, 130


class Server(Unit, Protocol):
    """An embedded server."""

    @property
    def url(self) -> str:
        """Where it answers."""


@contextlib.contextmanager
def embedded_servers(
    home: Path, *, say: Callable[[str], None], database: bool = True, broker: bool = True
) -> Iterator[dict[str, Server]]:
    """Run the wanted servers, by the name of the variable that replaces each.

    The caller holds the home's lock. The broker ends first, the database last.
    """
    home = home.expanduser().absolute()
    with contextlib.ExitStack() as stack:
        try:
            servers = _made(home, say=say, database=database, broker=broker)
            for server in servers.values():
                stack.callback(server.stop)
                server.start()
            for server in servers.values():
                server.wait()
        except OSError as error:  # no space, no permission, no such user
            raise ServiceError(f"the embedded services cannot start: {error}") from error
        yield servers


@contextlib.contextmanager
def embedded_services(
    home: Path, *, say: Callable[[str], None], database: bool = True, broker: bool = True
) -> Iterator[ServiceAddresses]:
    """Run the wanted servers and yield where they answer."""
    with embedded_servers(home, say=say, database=database, broker=broker) as servers:
        yield addresses_of(servers)


def _made(
    home: Path, *, say: Callable[[str], None], database: bool, broker: bool
) -> dict[str, Server]:
    servers: dict[str, Server] = {}
    if database:
        servers["DATABASE_URL"] = Postgres(home, say=say)
    if broker:
        servers["BROKER_URL"] = Valkey(home, say=say)
    return servers


def addresses_of(servers: Mapping[str, Server]) -> ServiceAddresses:
    """Return where these servers answer."""
    urls = [servers[name].url if name in servers else None for name in NAMES]
    return ServiceAddresses(*urls)


def with_services(environment: Mapping[str, str], addresses: ServiceAddresses) -> dict[str, str]:
    """Return the environment with the services' addresses in it.

    Without libpq's own variables when the database is ours: PGPORT or PGHOSTADDR, meant for
    another server, would lead it astray.
    """
    ours = addresses.environment()
    if "DATABASE_URL" in ours:
        environment = {name: environment[name] for name in environment if name[:2] != "PG"}
    return {**environment, **ours}


def guarded(body: Callable[[], int]) -> int:
    """Return the body's exit status; signals and refusals end it with theirs, in words."""
    try:
        with stoppable():
            return body()
    except (HomeBusy, ServiceError) as error:
        say(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Stopped as stopped:
        return stopped.exit_status


def run_through(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in our place: same terminal, our signals passed on, its exit status ours."""
    try:
        child = subprocess.Popen(  # noqa: S603 - the caller's own command
            command,
            env=environment,
            preexec_fn=dies_with_us(signal.SIGTERM),  # noqa: PLW1509 - system calls only
        )
    except OSError as error:
        say(f"{command[0]}: {error.strerror}")
        return NOT_FOUND

    def pass_on(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the child as well; twice would cut its clean-up short.
        if number != signal.SIGINT or not _in_foreground():
            child.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers: dict[signal.Signals, Handler] = dict.fromkeys(numbers, pass_on)
    with handling(handlers):
        status = child.wait()
    return status if status >= 0 else 128 - status


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command with DATABASE_URL and BROKER_URL set; those already set are left alone."""
    parser = argparse.ArgumentParser(prog="python -m viability.embedded", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    return guarded(lambda: _beside_services(options.home, options.command))


def _beside_services(home: Path, command: Sequence[str]) -> int:
    database, broker = (not os.environ.get(name) for name in NAMES)
    if not (database or broker):
        return run_through(command, os.environ)
    with (
        take_home(home, command=shlex.join(command)),
        embedded_services(home, say=say, database=database, broker=broker) as addresses,
    ):
        return run_through(command, with_services(os.environ, addresses))


if __name__ == "__main__":
    sys.exit(main())
