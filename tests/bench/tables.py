"""The benchmark's tables, as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.measuring import Measure
from tests.bench.rounds import Round

BESIDE = ("bare aiohttp", "lm-eval", "inspect-ai")

Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table with its heading and what has to be said about it."""

    title: str
    note: str
    head: Row
    rows: Sequence[Row]


def start_table(found: Sequence[Measure]) -> Table:
    """Return the time from the command to the first request."""
    return Table(
        title="From the command to the first request",
        note=(
            "Best of a few. Homes have a PostgreSQL of their own, started by the command; the rows "
            "of Celery count from the ring of the doorbell to workers that are up. Processor "
            "seconds are those of the whole command, PostgreSQL's among them for a home's own."
        ),
        head=("client", "first request s", "processor s"),
        rows=[
            (
                each.client,
                _unless_failed(each, f"{each.startup_seconds:.2f}"),
                f"{each.cpu_seconds:.1f}",
            )
            for each in found
        ],
    )


def speed_table(found: Sequence[Round]) -> Table:
    """Return wall over the limit and processor time per sample, start-up excluded."""
    return Table(
        title="Speed",
        note=(
            "Wall over the limit N x latency / connections, start-up excluded: from the first "
            "request to the last answer as the endpoint saw them, and for `viability evaluate` and "
            "Celery on to the end of the run in the database, when the last sample is scored and "
            "stored. A command asks one shard while it loads lm-eval and the rest after that, "
            "so its wall has that load in it, and the start-up has not. The best of a few where "
            "repeated. Other columns are the same ratio over the "
            "peer's. Processor time is the client's own, or of all its workers together."
        ),
        head=(
            "in flight",
            "answers",
            "client",
            "samples",
            "wall/limit",
            *(f"/ {name}" for name in BESIDE),
            "ms/sample",
            "peak MB",
            "most in flight",
        ),
        rows=[_speed_row(each, found) for each in found],
    )


def size_table(found: Sequence[Round]) -> Table:
    """Return the time and the memory of few and of many samples."""
    return Table(
        title="Many samples, answers after 10 ms, 256 in flight",
        note=(
            "Wall as above, total from the command or the ring to the end, and beside it the same "
            "over lm-eval's, which prepares all before its first request. Memory is the largest "
            "resident set of one process of the client, growth over its smaller load."
        ),
        head=(
            "client",
            "samples",
            "wall s",
            "limit s",
            "total s",
            "/ lm-eval",
            "ms/sample",
            "peak MB",
            "growth MB",
        ),
        rows=[_size_row(each, found) for each in found],
    )


def markdown(tables: Iterable[Table], *, missing: Sequence[str]) -> str:
    """Return the whole report."""
    parts = ["# Benchmark", ""]
    for table in tables:
        parts += [f"## {table.title}", "", table.note, "", _line(table.head)]
        parts += [_line(["---"] * len(table.head)), *map(_line, table.rows), ""]
    parts += [f"* {reason}" for reason in missing]
    return "\n".join(parts).rstrip() + "\n"


def _speed_row(each: Round, found: Sequence[Round]) -> Row:
    load = each.load
    return (
        str(load.connections),
        f"{load.seconds:g} s",
        _named(each.found),
        f"{load.samples:,}",
        _unless_failed(each.found, f"{each.over_limit:.2f}"),
        *(_beside(each, found, name) for name in BESIDE),
        f"{each.cpu_ms:.2f}",
        f"{each.found.peak_mb:.0f}",
        str(each.found.most_in_flight),
    )


def _size_row(each: Round, found: Sequence[Round]) -> Row:
    same = [other for other in found if other.found.client == each.found.client]
    smallest = min(same, key=lambda other: other.load.samples)
    growth = each.found.peak_mb - smallest.found.peak_mb
    return (
        _named(each.found),
        f"{each.load.samples:,}",
        _unless_failed(each.found, f"{each.found.wall_seconds:.1f}"),
        f"{each.load.limit_seconds:.2f}",
        f"{each.found.total_seconds:.1f}",
        _total_beside(each, found, "lm-eval"),
        f"{each.cpu_ms:.2f}",
        f"{each.found.peak_mb:.0f}",
        "" if each is smallest else f"{growth:+.0f}",
    )


def _beside(each: Round, found: Sequence[Round], name: str) -> str:
    """Return the ratio of two ratios to the limit: peers that are slow are asked for less."""
    for other in found:
        is_alike = (
            other.load.connections == each.load.connections
            and other.load.seconds == each.load.seconds
            and (other.load.samples == each.load.samples or name == "inspect-ai")
        )
        if is_alike and other.found.client.startswith(name) and not other.found.exit_status:
            return f"{each.over_limit / other.over_limit:.2f}"
    return ""


def _total_beside(each: Round, found: Sequence[Round], name: str) -> str:
    for other in found:
        if other.found.client.startswith(name) and other.load == each.load:
            return f"{each.found.total_seconds / other.found.total_seconds:.2f}"
    return ""


def _named(each: Measure) -> str:
    """Return the client's name, and how many samples each of several workers stored."""
    if len(each.shares) < 2:
        return each.client
    return f"{each.client} ({' + '.join(map(str, each.shares))})"


def _unless_failed(each: Measure, said: str) -> str:
    return f"failed: {each.problem}" if each.exit_status else said


def _line(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
