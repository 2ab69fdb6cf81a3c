"""The tables of what went wrong and what it cost, as Markdown and as JSON."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.faulttable import fault_table
from tests.bench.measuring import Measure
from tests.bench.tables import Table
from tests.bench.tables import markdown as _markdown
from tests.chaos.books import Outcome
from tests.chaos.paces import Pace

Peers = Sequence[tuple[str, Measure]]
HEAD = (
    *("what goes wrong", "holds", "trials", "requests", "attempts stored", "in flight"),
    *("asked again", "verdict", "right", "billed $", "stored $", "unconfirmed $"),
    *("recovery s", "run s"),
)


def markdown(outcomes: Sequence[Outcome], peers: Peers, *, pace: Pace) -> str:
    """Return the whole report."""
    tables = [chaos_table(outcomes, pace)] + ([fault_table(peers)] if peers else [])
    said = _markdown(tables, missing=[])
    return said.replace("# Benchmark", "# Chaos", 1)


def chaos_table(outcomes: Sequence[Outcome], pace: Pace) -> Table:
    """Return one row per scenario."""
    return Table(
        title=f"{pace.samples:,} samples, answers after {pace.latency * 1000:.0f} ms",
        note=(
            "In flight: asked and not yet stored when things went wrong. Asked again: "
            "samples that were asked more often than their stored attempts say. Recovery: from "
            "the end of the disturbance to the next stored trial."
        ),
        head=HEAD,
        rows=[_row(found) for found in outcomes],
    )


def as_json(outcomes: Sequence[Outcome], peers: Peers, *, pace: Pace) -> str:
    """Return everything that was measured."""
    measured: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "pace": asdict(pace),
        "scenarios": [asdict(found) for found in outcomes],
        "peers": [{"fault": fault, **asdict(each)} for fault, each in peers],
    }
    return json.dumps(measured, indent=1, default=str) + "\n"


def _row(found: Outcome) -> list[str]:
    recovery = "" if found.recovery_seconds is None else f"{found.recovery_seconds:.1f}"
    return [
        found.scenario,
        "yes" if not found.problems else f"NO: {'; '.join(found.problems)}",
        f"{found.trials:,} of {found.samples:,}",
        f"{found.requests:,}",
        f"{found.attempts:,}",
        str(found.in_flight),
        str(found.asked_again),
        found.verdict or found.state,
        str(found.passed),
        f"{found.billed_usd:.6f}",
        "unknown" if found.stored_usd is None else f"{found.stored_usd:.6f}",
        f"{found.unconfirmed_usd:.6f}",
        recovery,
        f"{found.seconds:.1f}",
    ]
