"""PostgreSQL's own client programs on a database, whichever it is: dumping and restoring."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from viability.home import ServiceError
from viability.places import packaged_programs

VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
# Whoever has a session's key is signed in: they are not worth keeping, and not fit to hand on.
WITHOUT = ("--exclude-table-data=django_session",)
REPLACED = "replaced_by_restore"


def dump(url: str, file: Path) -> None:
    """Write a database into a file in pg_dump's custom format.

    Raises:
        ServiceError: If there is no pg_dump that can, or it failed; with its words.
    """
    _run(url, "pg_dump", ["--format=custom", "--no-owner", "--no-acl", *WITHOUT, f"--file={file}"])


def restore(url: str, file: Path) -> None:
    """Put a dump in the place of all that a database holds, or change nothing.

    Raises:
        ServiceError: If there is no pg_restore that can, or it failed; with its words.
    """
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(f"DROP SCHEMA IF EXISTS {REPLACED} CASCADE")
        database.execute(f"ALTER SCHEMA public RENAME TO {REPLACED}")
        database.execute("CREATE SCHEMA public")
        try:
            options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
            _run(url, "pg_restore", [*options, str(file)])
        except BaseException:
            database.execute("DROP SCHEMA public CASCADE")
            database.execute(f"ALTER SCHEMA {REPLACED} RENAME TO public")
            raise
        database.execute(f"DROP SCHEMA {REPLACED} CASCADE")


def has_tables(url: str) -> bool:
    """Return whether a database holds anything."""
    with psycopg.connect(url) as database:
        tables = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"
        return database.execute(tables).fetchone() is not None


def last_migration(url: str) -> str:
    """Return the name of the last migration that a database has had, "" if it has had none."""
    with psycopg.connect(url) as database:
        if not database.execute("SELECT to_regclass('public.django_migrations')").fetchone()[0]:  # type: ignore[index]
            return ""
        last = "SELECT max(name) FROM django_migrations WHERE app = 'evals'"
        found = database.execute(last).fetchone()
        return (found and found[0]) or ""


def _run(url: str, name: str, arguments: Sequence[str]) -> None:
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    password = parts.pop("password", None)  # a command line can be read by everybody
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    ended = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [_program(name, url), f"--dbname={make_conninfo(**parts)}", "--no-password", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise ServiceError(f"{name} failed:\n{ended.stderr.strip()}")


def _program(name: str, url: str) -> Path:
    """Return a program that is not older than the server."""
    with psycopg.connect(url) as database:
        server = database.info.server_version // 10_000
    found = [path for path in (packaged_programs() / name, shutil.which(name)) if path]
    for program in map(Path, found):
        if (_major(program) or 0) >= server:
            return program
    seen = ", ".join(f"{path} of PostgreSQL {_major(Path(path))}" for path in found)
    raise ServiceError(
        f"the server is PostgreSQL {server} and needs a {name} that is not older; found"
        f" {seen or 'none'}: install the client programs of PostgreSQL {server}"
    )


def _major(program: Path) -> int | None:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return None
    found = VERSION.search(told.stdout)
    return int(found[1]) if found else None
