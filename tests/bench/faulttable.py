"""What became of the samples under each fault, as a table."""

from collections.abc import Sequence

from tests.bench.measuring import Measure
from tests.bench.tables import Table


def fault_table(found: Sequence[tuple[str, Measure]]) -> Table:
    """Return what became of the samples under each fault."""
    return Table(
        title="Faults",
        note="Four answers in five are right, so 0.8 is true where nothing is refused for good.",
        head=("fault", "client", "exit", "score", "samples by state", "requests", "seconds"),
        rows=[
            (
                fault,
                each.client,
                str(each.exit_status),
                _score(each),
                _states(each),
                f"{each.requests:,}",
                f"{each.wall_seconds:.1f}",
            )
            for fault, each in found
        ],
    )


def _score(each: Measure) -> str:
    score = each.summary.get("score")
    return "none" if score is None else f"{score:.3f}"


def _states(each: Measure) -> str:
    states = each.summary.get("states", {})
    said = ", ".join(f"{name} {count:,}" for name, count in states.items())
    return said or f"all lost: {each.problem}"
