"""What is measured: speed, many samples, start-up, faults; each client in turn, in one run."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.bench.measuring import Client, Load, Measure

FAULT_SECONDS = 2.0  # the time-out of one attempt, for hung sockets
FEW = 8  # samples, for the start-up alone
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "one permanent 400": {"permanent": "Message 7:"},
    "5 % 500s": {"error_rate": 0.05},
    "5 % content_filter": {"filter_rate": 0.05},
    "1 % hung sockets": {"hang_rate": 0.01},
}
# Connections, seconds of an answer, samples, samples of the short form.
LOADS = ((64, 0.1, 3000, 1000), (256, 0.1, 6000, 2000), (256, 1.0, 3072, 1024))


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One client under one load; `start` is what it took for a few samples: its start-up."""

    load: Load
    start: Measure
    found: Measure

    @property
    def over_limit(self) -> float:
        """Wall over what nobody can beat."""
        return self.found.wall_seconds / self.load.limit_seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time for each sample, without the start-up's."""
        return 1000 * (self.found.cpu_seconds - self.start.cpu_seconds) / self.load.samples


def starts(clients: Iterable[Client], *, repeats: int) -> list[Measure]:
    """Measure from the command to the first request; the best of the repeats counts."""
    few = Load(samples=FEW, connections=64, seconds=0.1)
    return [_best(client, few, repeats=repeats, by=_startup) for client in clients]


def speed(
    clients: Iterable[Client], started: Sequence[Measure], *, quick: bool, repeats: int
) -> list[Round]:
    """Measure how near each comes to the limit; the best of the repeats counts."""
    loads = [
        Load(samples=short if quick else usual, connections=connections, seconds=seconds)
        for connections, seconds, usual, short in LOADS
    ]
    return [
        _round(client, _fewer(load) if _is_slow(client) else load, started, repeats=repeats)
        for load in loads
        for client in clients
    ]


def sizes(clients: Iterable[Client], started: Sequence[Measure], *, quick: bool) -> list[Round]:
    """Measure with answers after 10 ms, 256 at once, for memory and for many samples."""
    return [
        _round(client, Load(samples=samples, connections=256, seconds=0.01), started, repeats=1)
        for client in clients
        if not _is_slow(client)  # twenty minutes for the larger one
        for samples in ((1000, 5000) if quick else (5000, 50_000))
    ]


def faults(clients: Iterable[Client], *, quick: bool) -> list[tuple[str, Measure]]:
    """Measure what becomes of samples of which four in five are answered rightly."""
    load = Load(samples=200 if quick else 1000, connections=32, seconds=0.02)
    return [
        (name, _told(client.measure(load, timeout=FAULT_SECONDS, accuracy=0.8, **behaviour)))
        for name, behaviour in FAULTS.items()
        for client in clients
        if client.name != "bare aiohttp"
    ]


def _round(client: Client, load: Load, started: Sequence[Measure], *, repeats: int) -> Round:
    return Round(
        load=load,
        start=next(each for each in started if each.client == client.name),
        found=_best(client, load, repeats=repeats, by=_wall),
    )


def _fewer(load: Load) -> Load:
    return replace(load, samples=load.samples // 4)


def _best(client: Client, load: Load, *, repeats: int, by: Callable[[Measure], float]) -> Measure:
    """Return the best of a few measures; those that failed are the worst."""
    found: Sequence[Measure] = [_told(client.measure(load)) for _ in range(repeats)]
    return min(found, key=lambda each: (each.exit_status != 0, by(each)))


def _startup(measure: Measure) -> float:
    return measure.startup_seconds


def _wall(measure: Measure) -> float:
    return measure.wall_seconds


def _is_slow(client: Client) -> bool:
    return client.name.startswith("inspect")


def _told(found: Measure) -> Measure:
    said = f"{found.requests} requests in {found.wall_seconds:.1f} s {found.problem}"
    sys.stderr.write(f"{found.client}: {said}\n")
    return found
