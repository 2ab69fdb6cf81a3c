"""`make bench`: ours beside a bare aiohttp loop and the peers, in one run on one machine.

python -m tests.bench [--quick] [--no-peers] [--out FOLDER]

Machines are noisy, so ratios within one run are what counts. Writes bench.md and bench.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.measuring import Load, Measure, measure
from tests.bench.peers import Client, own_clients, peer_clients
from tests.bench.tables import fault_table, markdown, size_table, speed_table

_FAULT_SECONDS = 2.0  # the time-out of one attempt, for hung sockets
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "one permanent 400": {"permanent": "Message 7:"},
    "5 % 500s": {"error_rate": 0.05},
    "5 % content_filter": {"filter_rate": 0.05},
    "1 % hung sockets": {"hang_rate": 0.01},
}


def speed(clients: Iterable[Client], *, quick: bool) -> list[tuple[Load, Measure]]:
    """Measure with answers after 100 ms, and with a few samples for the start-up alone."""
    found = []
    for connections, samples in ((64, 1000 if quick else 3000), (256, 2000 if quick else 6000)):
        for client in clients:
            slow = 4 if client.name.startswith("inspect") else 1
            few = Load(samples=8, connections=connections, seconds=0.1)
            load = Load(samples=samples // slow, connections=connections, seconds=0.1)
            found += [(each, _told(measure(client, each))) for each in (few, load)]
    return found


def sizes(clients: Iterable[Client], *, quick: bool) -> list[tuple[Load, Measure]]:
    """Measure with answers after 10 ms, 256 at once, for memory and for many samples."""
    found = []
    for client in clients:
        if client.name.startswith("inspect"):
            continue  # twenty minutes for the larger one
        for samples in (1000, 5000) if quick else (5000, 50_000):
            load = Load(samples=samples, connections=256, seconds=0.01)
            found.append((load, _told(measure(client, load))))
    return found


def faults(clients: Iterable[Client], *, quick: bool) -> list[tuple[str, Measure]]:
    """Measure what becomes of samples of which four in five are answered rightly."""
    load = Load(samples=200 if quick else 1000, connections=32, seconds=0.02)
    return [
        (name, _told(measure(client, load, timeout=_FAULT_SECONDS, accuracy=0.8, **behaviour)))
        for name, behaviour in FAULTS.items()
        for client in clients
        if client.name != "bare aiohttp"
    ]


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--no-peers", action="store_true", help="only ours and the bare loop")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder of the results")
    given = parser.parse_args()
    peers = [] if given.no_peers else peer_clients()
    clients = own_clients() + [peer for peer in peers if not peer.missing]
    found_speed = speed(clients, quick=given.quick)
    found_sizes = sizes(clients, quick=given.quick)
    found_faults = faults(clients, quick=given.quick)
    missing = [f"{peer.name}: {peer.missing}" for peer in peers if peer.missing]
    tables = [speed_table(found_speed), size_table(found_sizes), fault_table(found_faults)]
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "bench.md").write_text(markdown(tables, missing=missing))
    measured = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "missing": missing,
        "speed": [asdict(load) | asdict(each) for load, each in found_speed],
        "sizes": [asdict(load) | asdict(each) for load, each in found_sizes],
        "faults": [{"fault": fault, **asdict(each)} for fault, each in found_faults],
    }
    (given.out / "bench.json").write_text(json.dumps(measured, indent=1) + "\n")
    sys.stdout.write((given.out / "bench.md").read_text())


def _told(found: Measure) -> Measure:
    sys.stderr.write(f"{found.client}: {found.requests} requests in {found.wall_seconds:.1f} s\n")
    return found


if __name__ == "__main__":
    main()
