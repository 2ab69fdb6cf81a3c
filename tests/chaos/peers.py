"""The same faults for ours and for the peers from PyPI, side by side."""

from typing import Any

from tests.bench.measuring import Load, Measure
from tests.bench.peers import own_programs, peer_programs

LOAD = Load(samples=1000, connections=32, seconds=0.02)
ATTEMPT_SECONDS = 10.0
FAULTS: dict[str, dict[str, Any]] = {
    "one permanent 400 among 1,000": {"permanent": "Message 7:"},
    "5 % 500s, 5 % 429s": {"error_rate": 0.05, "throttle_rate": 0.05},
}


def measured() -> list[tuple[str, Measure]]:
    """Return what became of the samples under each fault, ours first."""
    programs = [program for program in own_programs() if program.name.startswith("viability")]
    programs += [program for program in peer_programs() if not program.missing]
    return [
        (name, program.measure(LOAD, timeout=ATTEMPT_SECONDS, accuracy=0.8, **behaviour))
        for name, behaviour in FAULTS.items()
        for program in programs
    ]
