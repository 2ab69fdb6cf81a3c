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
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from evals.models import Evaluation, User
    from tests.bench.millionpages import Measured

LIMIT_BYTES = 150_000
EMAIL = "million@example.com"


def main() -> int:
    """Make the rows, measure, and print the table; return the exit status."""
    given = _arguments()
    with own_database(given.keep) as is_new:
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
def own_database(keep: str | None) -> Iterator[bool]:
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
    from tests.api.conftest import Script, token  # noqa: PLC0415
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
            Evaluation.objects.select_related("version", "task__team").get(task__name=name)
            for name in ("Ticket routing", "Live task")
        )
        made = {"large": large, "live": live}
    browser = Client()
    admin = User.objects.get(email=EMAIL)
    browser.force_login(admin)
    places = furnished(made["large"], admin)
    script = Client(headers=Script(token(made["large"].task.team, admin)).headers)
    asked = {name: (browser, at) for name, at in millionpages.addresses(made, places).items()}
    asked |= {name: (script, at) for name, at in millionpages.api_addresses(places).items()}
    return [
        millionpages.measure(who, name, address, requests=given.requests)
        for name, (who, address) in asked.items()
        if given.only in name
    ]


def furnished(large: "Evaluation", admin: "User") -> "dict[str, Any]":
    """Add what pages show beside evaluations; the second time over the same rows too."""
    from evals.models import ApiToken, Membership, Role  # noqa: PLC0415
    from tests.everypage import furnish  # noqa: PLC0415

    Membership.objects.filter(user=admin).update(role=Role.ADMIN)
    ApiToken.objects.filter(created_by=admin).delete()
    return furnish(large, user=admin)


def _table(measured: "list[Measured]", given: argparse.Namespace) -> str:
    head = (
        f"Server time of {given.requests} requests each, in ms; load "
        f"{', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores. First: "
        "the first request of this process, before anything is kept. Processor: the median of this "
        "process's own, without PostgreSQL's. HTML: before compression. Weight: HTML, styles and "
        "scripts but for plotly.js, all before compression; sent: the same as it goes over the "
        "line; in kB.\n\n"
        "| page | median | p95 | limit | processor | first | queries | HTML | weight | sent |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(map(_row, measured))


def _row(each: "Measured") -> str:
    fewer = "" if each.fewest == each.queries else f" (or {each.fewest})"
    over = " over" if each.whole > LIMIT_BYTES else ""
    return (
        f"| {each.name} | {1000 * each.median:.0f} | {_marked(each.p95, each.limit)} "
        f"| {1000 * each.limit:.0f} | {1000 * each.cpu:.0f} | {1000 * each.first:.0f} "
        f"| {each.queries}{fewer} "
        f"| {each.html / 1000:.0f} | {each.whole / 1000:.0f}{over} | {each.sent / 1000:.0f} |\n"
    )


def _marked(seconds: float, limit: float) -> str:
    return f"{1000 * seconds:.0f}{' over' if seconds > limit else ''}"


if __name__ == "__main__":
    sys.exit(main())
