"""What the tests here share: running a home's real servers, and asking them."""

import contextlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis

from viability.embedded import ServiceAddresses, embedded_services, take_home

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = sysconfig.get_path("purelib")
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PACKAGES}"}
# Says where its services answer, then waits to be stopped.
SCRIPT = 'echo "$DATABASE_URL"; echo "$BROKER_URL"; exec sleep 60'


@contextlib.contextmanager
def serving(home: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[ServiceAddresses]:
    """Run both services of a home from this process."""
    with (
        take_home(home, command="a test", say=say) as held,
        embedded_services(held, say=say) as addresses,
    ):
        yield addresses


@contextlib.contextmanager
def supervisor(
    home: Path, *, python: str = sys.executable, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m viability.embedded` in a process of its own, which a test may kill."""
    command: list[str | Path] = [python, "-m", "viability.embedded", "--home", home, "--"]
    with subprocess.Popen(
        [*command, "sh", "-c", SCRIPT],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def sleeper(program: str = "/bin/sleep", **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that has nothing to do with us."""
    with subprocess.Popen([program, "60"], **options) as process:
        try:
            yield process
        finally:
            process.kill()


def run(
    *arguments: str | Path, python: str = sys.executable, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run Python to its end."""
    return subprocess.run(
        [python, *arguments], capture_output=True, text=True, check=False, **options
    )


def copy_home(home: Path, to: Path) -> Path:
    """Copy a stopped home, owners included."""
    subprocess.run(["/bin/cp", "-a", home, to], check=True)
    return to


def addresses_from(process: subprocess.Popen[str]) -> ServiceAddresses:
    """Wait for a supervisor's services and return where they answer."""
    assert process.stdout
    return ServiceAddresses(*(process.stdout.readline().strip() for _ in range(2)))


def remember(addresses: ServiceAddresses, word: str) -> None:
    """Store a word in both services."""
    with psycopg.connect(str(addresses.database_url)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        database.execute("INSERT INTO words VALUES (%s)", [word])
    with broker(addresses) as client:
        client.rpush("words", word)
        client.execute_command("WAITAOF", 1, 0, 2000)


def remembered(addresses: ServiceAddresses) -> tuple[list[str], list[str]]:
    """Return the words that each service holds."""
    with psycopg.connect(str(addresses.database_url)) as database:
        stored = [word for (word,) in database.execute("SELECT word FROM words")]
    with broker(addresses) as client:
        queued = [word.decode() for word in client.lrange("words", 0, -1)]
    return stored, queued


def broker(addresses: ServiceAddresses) -> redis.Redis:
    """Return a client of the broker."""
    path = str(addresses.broker_url).removeprefix("redis+socket://").partition("?")[0]
    return redis.Redis(unix_socket_path=path)
