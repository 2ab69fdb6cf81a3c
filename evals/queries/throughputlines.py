"""The levels of a throughput test as people read them, on a page and on a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.queries import figures

HEADINGS = (
    "At once",
    "Requests",
    "Failed",
    "Tasks an hour",
    "Output tok/s",
    "p50",
    "p95",
    "p99",
    "First token",
    "Per token",
)
NO_BAR = "No latency bar is given, so the best throughput counts."


@dataclass(frozen=True, slots=True)
class LevelCell:
    """One figure under its heading; `note` is its interval, if it has one."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelLine:
    """One level; `state` is met within the latency bar, else missed."""

    cells: tuple[LevelCell, ...]
    state: str
    is_best: bool


def level_line(level: Mapping[str, Any], *, best: int | None) -> LevelLine:
    """Return a level; `best` is the concurrency of the goodput."""
    values = (
        figures.count(level["concurrency"]),
        figures.count(level["requests"]),
        figures.count(level["failed"]),
        rounded(level["tasks_per_hour"]),
        rounded(level["output_tokens_per_second"]),
        figures.seconds(level["p50_seconds"]),
        figures.seconds(level["p95_seconds"]),
        figures.seconds(level["p99_seconds"]),
        figures.seconds(level["ttft_p50_seconds"]),
        figures.seconds(level["tpot_p50_seconds"]),
    )
    interval = _interval(level["p95_low_seconds"], level["p95_high_seconds"])
    return LevelLine(
        cells=tuple(
            LevelCell(label, value, interval if label == "p95" else "")
            for label, value in zip(HEADINGS, values, strict=True)
        ),
        state="met" if level["is_within_bar"] else "missed",
        is_best=level["concurrency"] == best,
    )


def headline(document: Mapping[str, Any]) -> str:
    """Return the goodput in one sentence, or why there is none."""
    best, bar = document["goodput"], document["settings"]["latency_bar_seconds"]
    if not document["levels"]:
        return "Nothing was measured."
    if best is None:
        within = "" if bar is None else f" within {bar:g} s"
        return f"At no level were 95 % of the requests answered{within}."
    said = (
        f"{rounded(best['tasks_per_hour'])} tasks an hour with {best['concurrency']:,} at once, "
        f"{rounded(best['output_tokens_per_second'])} output tokens a second"
    )
    return f"{said}: the most with 95 % within {bar:g} s." if bar is not None else f"{said}."


def rounded(figure: float | None) -> str:
    """Return a rate with three digits that count, "unknown" where it is."""
    if figure is None:
        return "unknown"
    if figure >= 100 or not figure:  # noqa: PLR2004 - three digits before the point
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    start, end = (figures.seconds(bound).removesuffix(" s") for bound in (low, high))
    return f"[{start}, {end}]"
