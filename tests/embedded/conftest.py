"""Homes for real PostgreSQL and Valkey servers."""

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.embedded.served import copy_home, serving
from viability.leftovers import running, stop_leftovers

STEPS = ((signal.SIGINT, 5), (signal.SIGKILL, 5))
MEMORY = Path("/dev/shm")  # noqa: S108 - a home is copied for almost every test
ENOUGH_BYTES = 1_000_000_000


@pytest.fixture
def said() -> list[str]:
    """What the services told the person at the terminal."""
    return []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can enter, unlike pytest's own when root runs the tests."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def programs() -> Iterator[Path]:
    """A folder that everybody can execute programs in: often not so where homes are."""
    with tempfile.TemporaryDirectory(prefix="viability-test-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def made_home() -> Iterator[Path]:
    """A home whose database is made, to be copied: making one takes seconds."""
    with open_folder() as folder:
        with serving(folder / "home"):
            pass
        yield folder / "home"


@pytest.fixture
def home(made_home: Path, folder: Path) -> Path:
    """A stopped home that has run before."""
    return copy_home(made_home, folder / "home")


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    fast = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    root = MEMORY if fast else Path("/tmp")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="viability-test-", dir=root))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for data in folder.rglob("postgres"):
            stop_leftovers(partial(running, "postgres", data), STEPS)
            if data.is_symlink():
                shutil.rmtree(data.readlink().parent, ignore_errors=True)
        for data in folder.rglob("valkey"):
            stop_leftovers(partial(running, "valkey-server", data), STEPS)
        shutil.rmtree(folder)
