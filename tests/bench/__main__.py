"""`make bench`: ours beside a bare aiohttp loop and the peers, in one run on one machine.

python -m tests.bench [--quick] [--no-peers] [--only ROUND…] [--repeats N] [--out FOLDER]

python -m tests.bench uploads measures files becoming versions (tests/bench/uploads.py).

Machines are noisy, so ratios within one run are what counts. Writes bench.md and bench.json. Ours
as a whole needs DATABASE_URL and BROKER_URL, which `python -m viability.embedded` sets.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench import rounds, uploads
from tests.bench.faulttable import fault_table
from tests.bench.measuring import Client
from tests.bench.peers import own_programs, peer_programs
from tests.bench.rounds import Round
from tests.bench.starting import FreshHome, UsedHome
from tests.bench.tables import Table, markdown, size_table, speed_table, start_table
from tests.bench.wholepath import CeleryWorkers, CommandLine

ROUNDS = ("speed", "sizes", "faults")


def main() -> None:
    """Measure, and write the tables."""
    if sys.argv[1:2] == ["uploads"]:
        uploads.main(sys.argv[2:])
        return
    given = _arguments()
    peers: list[Client] = [] if given.no_peers else [*peer_programs()]
    asking: list[Client] = [peer for peer in peers if not peer.missing]
    ours: list[Client] = [CommandLine(), CeleryWorkers(1), CeleryWorkers(2)]
    missing = [f"{peer.name}: {peer.missing}" for peer in peers if peer.missing]
    if "DATABASE_URL" not in os.environ:
        missing += [f"{client.name}: DATABASE_URL is not set" for client in ours]
        ours = []
    tables, measured = _measured(given, [*own_programs(), *ours, *asking])
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "bench.md").write_text(markdown(tables, missing=missing))
    facts = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "missing": missing,
    }
    (given.out / "bench.json").write_text(json.dumps(facts | measured, indent=1) + "\n")
    sys.stdout.write((given.out / "bench.md").read_text())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, each load once")
    parser.add_argument("--no-peers", action="store_true", help="only ours and the bare loop")
    parser.add_argument("--only", nargs="+", choices=ROUNDS, default=ROUNDS, metavar="ROUND")
    parser.add_argument("--repeats", type=int, help="of each load, of which the best counts")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder of the results")
    given = parser.parse_args()
    given.repeats = given.repeats or (1 if given.quick else 2)
    return given


def _measured(
    given: argparse.Namespace, clients: list[Client]
) -> tuple[list[Table], dict[str, Any]]:
    """Return the tables of the wanted rounds, and the same as plain values."""
    # What a start takes of the processor is taken off everywhere.
    started = rounds.starts([FreshHome(), UsedHome(), *clients], repeats=2 if given.quick else 3)
    tables = [start_table(started)]
    measured: dict[str, Any] = {"starts": [asdict(each) for each in started]}
    if "speed" in given.only:
        raced = rounds.speed(clients, started, quick=given.quick, repeats=given.repeats)
        tables.append(speed_table(raced))
        measured["speed"] = _plain(raced)
    if "sizes" in given.only:
        sized = rounds.sizes(clients, started, quick=given.quick)
        tables.append(size_table(sized))
        measured["sizes"] = _plain(sized)
    if "faults" in given.only:
        hurt = rounds.faults([c for c in clients if "Celery" not in c.name], quick=given.quick)
        tables.append(fault_table(hurt))
        measured["faults"] = [{"fault": fault, **asdict(each)} for fault, each in hurt]
    return tables, measured


def _plain(found: list[Round]) -> list[dict[str, Any]]:
    return [
        asdict(each.load)
        | asdict(each.found)
        | {"over_limit": each.over_limit, "cpu_ms_per_sample": each.cpu_ms}
        for each in found
    ]


if __name__ == "__main__":
    main()
