"""The benchmark's tables, as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.measuring import Load, Measure

FEW = 100  # below so many samples a run is for its start-up alone

Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table with its heading and what has to be said about it."""

    title: str
    note: str
    head: Row
    rows: Sequence[Row]


def speed_table(found: Sequence[tuple[Load, Measure]]) -> Table:
    """Return wall over the limit and processor time per sample, start-up excluded."""
    few = {(m.client, load.connections): m for load, m in found if load.samples < FEW}
    rows = [
        _speed_row(load, each, few[each.client, load.connections])
        for load, each in found
        if load.samples >= FEW
    ]
    return Table(
        title="Speed, answers after 100 ms",
        note=(
            "Wall over the limit N x latency / connections, from the first request to the last "
            "answer as the endpoint saw them; start-up is excluded, scoring included, storing not."
        ),
        head=("in flight", "client", "samples", "wall/limit", "ms/sample", "start-up s", "peak MB"),
        rows=rows,
    )


def size_table(found: Sequence[tuple[Load, Measure]]) -> Table:
    """Return the time and the memory of few and of many samples."""
    return Table(
        title="Many samples, answers after 10 ms, 256 in flight",
        note=(
            "Asking is from the first request to the last answer, total from the command to its "
            "end. Memory is the largest resident set of the whole process."
        ),
        head=("client", "samples", "asking s", "limit s", "total s", "processor s", "peak MB"),
        rows=[
            (
                each.client,
                f"{load.samples:,}",
                f"{each.wall_seconds:.1f}",
                f"{load.limit_seconds:.2f}",
                f"{each.total_seconds:.1f}",
                f"{each.cpu_seconds:.1f}",
                f"{each.peak_mb:.0f}",
            )
            for load, each in found
        ],
    )


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


def markdown(tables: Iterable[Table], *, missing: Sequence[str]) -> str:
    """Return the whole report."""
    parts = ["# Benchmark", ""]
    for table in tables:
        parts += [f"## {table.title}", "", table.note, "", _line(table.head)]
        parts += [_line(["---"] * len(table.head)), *map(_line, table.rows), ""]
    parts += [f"* {reason}" for reason in missing]
    return "\n".join(parts).rstrip() + "\n"


def _speed_row(load: Load, each: Measure, few: Measure) -> Row:
    per_sample = 1000 * (each.cpu_seconds - few.cpu_seconds) / load.samples
    ratio = each.wall_seconds / load.limit_seconds
    return (
        str(load.connections),
        each.client,
        f"{load.samples:,}",
        f"{ratio:.2f}" if not each.exit_status else f"failed: {each.problem}",
        f"{per_sample:.2f}",
        f"{few.startup_seconds:.1f}",
        f"{each.peak_mb:.0f}",
    )


def _score(each: Measure) -> str:
    score = each.summary.get("score")
    return "none" if score is None else f"{score:.3f}"


def _states(each: Measure) -> str:
    states = each.summary.get("states", {})
    said = ", ".join(f"{name} {count:,}" for name, count in states.items())
    return said or f"all lost: {each.problem}"


def _line(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
