"""Server time of every page with a million trials in PostgreSQL, as a table.

python -m viability.embedded --home DIR -- python -m tests.bench.million [--share 0.01]
[--requests 200] [--keep NAME] [--out FILE]

Makes a database beside that of DATABASE_URL and drops it at the end; with --keep it stays, and the
next call with the same name measures without making. Ends with 1 where a page is over its limit.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from tests.bench.millionpages import Measured

LIMIT_BYTES = 150_000
EMAIL = "million@example.com"


def main() -> int:
    """Make the rows, measure, and print the table; return the exit status."""
    given = _arguments()
    with _database(given.keep) as is_new:
        import django  # noqa: PLC0415 - settings read the environment once

        django.setup()
        measured = _measured(given, is_new=is_new)
    text = _table(measured, given)
    if given.out:
        given.out.write_text(text)
    sys.stdout.write(text)
    return int(any(each.p95 > each.limit or each.whole > LIMIT_BYTES for each in measured))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of a million trials")
    parser.add_argument("--requests", type=int, default=200, help="of each page")
    parser.add_argument("--keep", help="name of a database that stays")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--out", type=Path, help="file of the table")
    return parser.parse_args()


@contextmanager
def _database(keep: str | None) -> Iterator[bool]:
    """Put a database of our own into DATABASE_URL; yield whether it is new."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = keep or f"million_{uuid4().hex}"
    with psycopg.connect(urlunsplit(url), autocommit=True) as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    os.environ["DATABASE_URL"] = urlunsplit(url._replace(path=f"/{name}"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viability.settings")
    try:
        yield found is None
    finally:
        if not keep:
            from django.db import connections  # noqa: PLC0415 - it may never have been set up

            connections.close_all()
            with psycopg.connect(urlunsplit(url), autocommit=True) as server:
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _measured(given: argparse.Namespace, *, is_new: bool) -> "list[Measured]":
    from django.core.management import call_command  # noqa: PLC0415 - after django.setup()
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    from evals.models import Evaluation, User  # noqa: PLC0415
    from tests import make  # noqa: PLC0415
    from tests.bench import millionpages, millionrows  # noqa: PLC0415

    setup_test_environment()
    if is_new:
        begun = time.monotonic()
        call_command("migrate", verbosity=0)
        team = make.team("A million trials")
        made = millionrows.fill(team, make.member(team, email=EMAIL), share=given.share)
        sys.stderr.write(f"rows made in {time.monotonic() - begun:.0f} s\n")
    else:
        large, live = (
            Evaluation.objects.select_related("version").get(task__name=name)
            for name in ("Ticket routing", "Live task")
        )
        made = {"large": large, "live": live}
    client = Client()
    client.force_login(User.objects.get(email=EMAIL))
    pages = {n: a for n, a in millionpages.addresses(made).items() if given.only in n}
    return [
        millionpages.measure(client, name, address, requests=given.requests)
        for name, address in pages.items()
    ]


def _table(measured: "list[Measured]", given: argparse.Namespace) -> str:
    head = (
        f"Server time of {given.requests} requests each, in ms; load "
        f"{', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores. First: "
        "the first request of this process, before anything is kept. HTML: before "
        "compression. Weight: what is sent of it, with styles and scripts, in kB.\n\n"
        "| page | median | p95 | limit | first | queries | HTML | weight |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(
        f"| {each.name} | {1000 * each.median:.0f} | {_marked(each.p95, each.limit)} "
        f"| {1000 * each.limit:.0f} | {1000 * each.first:.0f} "
        f"| {each.queries}{'' if each.fewest == each.queries else f' (or {each.fewest})'} "
        f"| {each.html / 1000:.0f} | {each.whole / 1000:.0f}"
        f"{' over' if each.whole > LIMIT_BYTES else ''} |\n"
        for each in measured
    )


def _marked(seconds: float, limit: float) -> str:
    return f"{1000 * seconds:.0f}{' over' if seconds > limit else ''}"


if __name__ == "__main__":
    sys.exit(main())
