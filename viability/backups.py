"""`viability backup FILE` and `viability restore FILE`: a home's data in one file, and back."""

import argparse
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import psycopg

from viability import __version__
from viability.archives import (
    UPLOADS,
    ArchiveError,
    Manifest,
    opened_archive,
    unpack,
    write_archive,
)
from viability.embedded import embedded_services
from viability.home import ServiceError, running_services, take_home
from viability.postgresclients import dump, has_tables, last_migration, restore
from viability.processes import say

DONE, BAD_INPUT = 0, 3
KEY = "stored_secrets_key"
# What may be there before anything was kept: keys put back by hand, and what locking leaves.
NO_DATA = {"lock", "logs", "run", "secret_key", KEY}


def backup(home: Path, arguments: list[str]) -> int:
    """Write the database and the uploaded files into one file, while the app runs or not."""
    parser = argparse.ArgumentParser(prog="viability backup", exit_on_error=True)
    parser.add_argument("file", type=Path, help="the file to write; it may not be there yet")
    path = parser.parse_args(arguments).file.absolute()
    if refusal := _cannot_write(path):
        say(refusal)
        return BAD_INPUT
    with _database(home, fresh=False) as url, _clear_words(), _workplace(path.parent) as folder:
        told = Manifest(
            viability=__version__,
            created_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            migration=last_migration(url),
            dump_sha256="",
            uploads=0,
        )
        dump(url, folder / "dump")
        done = write_archive(path, dump=folder / "dump", uploads=home / UPLOADS, told=told)
    say(f"{path}: the database and {done.uploads} uploaded files, {path.stat().st_size:,} bytes")
    say(f"stored API keys in it are encrypted; what opens them is not in it: keep {home / KEY}")
    return DONE


def restore_backup(home: Path, arguments: list[str]) -> int:
    """Put a backup into an empty home, or with --force in the place of what a home holds."""
    parser = argparse.ArgumentParser(prog="viability restore")
    parser.add_argument("file", type=Path)
    parser.add_argument("--force", action="store_true", help="replace what the home holds")
    options = parser.parse_args(arguments)
    try:
        return _restore(home, options.file, is_forced=options.force)
    except (ArchiveError, OSError) as error:
        say(str(error))
        return BAD_INPUT


def _restore(home: Path, path: Path, *, is_forced: bool) -> int:
    with opened_archive(path) as (tar, manifest):
        _check_not_newer(path, manifest)
        if not is_forced and (held := _data_in(home)):
            raise ArchiveError(_refusal(f"{home} is not empty: it holds {', '.join(held)}"))
        with _database(home, fresh=True) as url, _clear_words(), _workplace(home) as folder:
            if not is_forced and has_tables(url):
                raise ArchiveError(_refusal("the database is not empty"))
            restore(url, unpack(path, tar, manifest, folder))
            _replace(home / UPLOADS, folder / UPLOADS)
    say(f"restored what was backed up at {manifest.created_at}, {manifest.uploads} uploaded files")
    if not os.environ.get("VIABILITY_SECRET_KEYS") and not (home / KEY).exists():
        say(f"put the old home's {KEY} into {home} before starting: it opens stored API keys")
    return DONE


@contextlib.contextmanager
def _database(home: Path, *, fresh: bool) -> Iterator[str]:
    """Yield where the home's database answers, started if need be.

    `fresh` holds the home whatever database there is, and may make one.
    """
    configured = os.environ.get("DATABASE_URL")
    running = None if fresh else running_services(home)
    if running and running.database_url:
        yield running.database_url
    elif configured and not fresh:
        yield configured
    else:
        if not fresh and not (home / "postgres").exists():
            raise ServiceError(f"there is no database in {home} to back up")
        with contextlib.ExitStack() as stack:
            stack.enter_context(take_home(home, command="viability backup or restore"))
            if configured:
                yield configured
                return
            services = embedded_services(home, say=say, database=True, broker=False)
            yield str(stack.enter_context(services).database_url)


@contextlib.contextmanager
def _clear_words() -> Iterator[None]:
    """Turn what PostgreSQL says into a failure in its words, without its address."""
    try:
        yield
    except psycopg.Error as error:
        raise ServiceError(f"the database cannot be used: {type(error).__name__}") from error


@contextlib.contextmanager
def _workplace(beside: Path) -> Iterator[Path]:
    """Yield a folder of our own on the same disk, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".viability-", dir=beside) as name:
        yield Path(name)


def _cannot_write(path: Path) -> str:
    if path.exists():
        return f"{path}: found a file already, expected a new name"
    return "" if path.parent.is_dir() else f"{path}: found no folder {path.parent} to write into"


def _data_in(home: Path) -> list[str]:
    return sorted({each.name for each in home.iterdir()} - NO_DATA) if home.is_dir() else []


def _refusal(found: str) -> str:
    return f"{found}. Restore into another home, or replace it by --force"


def _check_not_newer(path: Path, manifest: Manifest) -> None:
    spec = find_spec("evals.migrations")
    folder = Path((spec and spec.origin) or "").parent
    known = max((file.stem for file in folder.glob("[0-9]*.py")), default="")
    if manifest.migration > known:
        raise ArchiveError(
            f"{path}: made by Viability {manifest.viability}, which is newer than this one"
            f" (its database has had {manifest.migration}); restore it with that version"
        )


def _replace(folder: Path, new: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
