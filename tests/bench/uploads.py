"""A file becoming a version beside a bare COPY of the same bytes, and the memory of it.

python -m viability.embedded --home DIR -- python -m tests.bench uploads
[--rows 1000000] [--rounds 3] [--out FILE]

The bare COPY goes into a plain logged table with a text column for each of the file's. Both take
turns, and the best round of each counts. Makes a database of its own and drops it at the end.
"""

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.million import own_database

COLUMNS = ("text", "intent", "channel", "customer_id")
ROW_BYTES = 200
CHUNK = 1 << 18
FLAT_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one process took for its rounds; seconds are the best of each way."""

    rows: int
    megabytes: float
    copy_seconds: float
    version_seconds: float
    client_cpu_seconds: float
    server_cpu_seconds: float
    copy_cpu_seconds: float
    peak_megabytes: float


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    given = _arguments(arguments)
    if given.measure:
        sys.stdout.write(json.dumps(asdict(_measured(given.measure, given.rounds))))
        return
    with TemporaryDirectory() as folder, own_database(None):
        _migrate()
        taken = []
        for rows in sorted({min(FLAT_ROWS, given.rows), given.rows}):
            path = Path(folder) / f"{rows}.csv"
            write_file(path, rows)
            taken.append(_in_a_process(path, given.rounds))
            path.unlink()
    text = _table(taken)
    if given.out:
        given.out.write_text(text)
    sys.stdout.write(text)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="file of the table")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def write_file(path: Path, rows: int) -> None:
    """Write a CSV of four columns and 200 bytes a row."""
    drawn = random.Random(7)  # noqa: S311 - the same each time
    syllables = [c + v for c in "bdfglmnprstvz" for v in "aeiou"]
    words = ["".join(drawn.choices(syllables, k=drawn.randint(1, 4))) for _ in range(5000)]
    sentences = [" ".join(drawn.choices(words, k=60)) for _ in range(1000)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number in range(rows):
            channel = ("phone", "mail", "chat")[number % 3]
            rest = (f"intent {number % 40}", channel, f"c{number // 4}")
            room = ROW_BYTES - sum(map(len, rest)) - len(COLUMNS)
            writer.writerow((f"{number} {sentences[number % 1000]}"[:room], *rest))


def _migrate() -> None:
    import django  # noqa: PLC0415 - settings read the environment once

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)


def _in_a_process(path: Path, rounds: int) -> Taken:
    """Measure in a process of its own, whose peak of memory is then of this file alone."""
    command = [sys.executable, "-m", "tests.bench", "uploads", f"--measure={path}"]
    made = subprocess.run(
        [*command, f"--rounds={rounds}"], stdout=subprocess.PIPE, check=True, text=True
    )
    return Taken(**json.loads(made.stdout))


def _measured(path: Path, rounds: int) -> Taken:
    import django  # noqa: PLC0415 - settings read the environment once

    django.setup()
    copies = [_timed(lambda: _bare_copy(path))]
    versions = []
    for _ in range(rounds):
        copies.append(_timed(lambda: _bare_copy(path)))
        versions.append(_timed(lambda: _version(path)))
    version = min(versions)
    return Taken(
        rows=sum(1 for _ in path.open("rb")) - 1,
        megabytes=path.stat().st_size / 1e6,
        copy_seconds=min(copies)[0],
        version_seconds=version[0],
        client_cpu_seconds=min(client for _, client, _ in versions),
        server_cpu_seconds=min(server for *_, server in versions),
        copy_cpu_seconds=min(server for *_, server in copies),
        peak_megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _timed(work: Callable[[], None]) -> tuple[float, float, float]:
    """Return the seconds that `work` took, and those of both processors' time."""
    began, client, server = time.perf_counter(), time.process_time(), _server_seconds()
    work()
    took = time.perf_counter() - began
    return took, time.process_time() - client, _server_seconds() - server


def _server_seconds() -> float:
    """Return the processor time of our own backend, where it runs on this machine."""
    from django.db import connection  # noqa: PLC0415 - after django.setup()

    connection.ensure_connection()
    try:
        facts = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = facts.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bare_copy(path: Path) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 - after django.setup()

    columns = ", ".join(f"{name} text" for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS bare; CREATE TABLE bare ({columns})")
    with (
        transaction.atomic(),
        path.open("rb") as file,
        connection.cursor() as cursor,
        cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy,
    ):
        while chunk := file.read(CHUNK):
            copy.write(chunk)


def _version(path: Path) -> None:
    from evals.domain.evalsets import Mapping  # noqa: PLC0415 - after django.setup()
    from evals.domain.rowfiles import FileKind, open_rows  # noqa: PLC0415
    from evals.models import Team  # noqa: PLC0415
    from evals.services.evalsets import Origin, create_version, eval_set_for  # noqa: PLC0415
    from tests import make  # noqa: PLC0415

    team = Team.objects.first() or make.team()
    task = make.task(team, name=f"Task {time.time_ns()}")
    with path.open("rb") as file:
        create_version(
            eval_set=eval_set_for(task=task, name=path.name),
            rows=open_rows(file, FileKind.CSV),
            mapping=Mapping("text", "intent", ("channel",), "customer_id"),
            origin=Origin(name=path.name, user=None),
        )


def _table(taken: list[Taken]) -> str:
    head = (
        f"Best rounds, load {', '.join(f'{load:.1f}' for load in os.getloadavg())} on "
        f"{os.cpu_count()} cores; seconds.\n\n"
        "| rows | file | bare COPY | version | ratio | rows/s | processor: COPY's server "
        "| version's server | version's client | peak memory |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(
        f"| {t.rows:,} | {t.megabytes:.0f} MB | {t.copy_seconds:.2f} | {t.version_seconds:.2f} "
        f"| {t.version_seconds / t.copy_seconds:.2f} | {t.rows / t.version_seconds:,.0f} "
        f"| {t.copy_cpu_seconds:.2f} | {t.server_cpu_seconds:.2f} | {t.client_cpu_seconds:.2f} "
        f"| {t.peak_megabytes:.0f} MB |\n"
        for t in taken
    )
