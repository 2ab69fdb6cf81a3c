"""How fast each candidate was: whole answers, first tokens, and each token after the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.domain.specmeasured import is_streamed
from evals.domain.specs import EndpointKind
from evals.queries import figures
from evals.queries.candidaterows import in_order
from evals.queries.outcomes import CandidateName, Outcome, Results

MEASURES = (
    ("Whole answer", "", "n"),
    ("First token", "ttft_", "ttft_n"),
    ("Each token after it", "tpot_", "tpot_n"),
)
QUANTILES = ("p50", "p95", "p99")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedCell:
    """One quantile with its interval, "" where there is none."""

    value: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedLine:
    """One measure of a candidate; `unknown` says why there is no figure."""

    measure: str
    cells: tuple[SpeedCell, ...]
    n: str
    unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRows:
    """One candidate's lines, and how it was asked while they were measured."""

    candidate: CandidateName
    asked: str
    lines: tuple[SpeedLine, ...]


def speed_rows(results: Results) -> tuple[SpeedRows, ...]:
    """Return the candidates' speeds, in the order of the other tables."""
    return tuple(
        SpeedRows(
            candidate=outcome.name,
            asked=_asked(outcome),
            lines=tuple(_line(outcome, *measure) for measure in MEASURES),
        )
        for outcome in in_order(results)
    )


def _asked(outcome: Outcome) -> str:
    """Return "8 at once by its settings, 7.4 under way on average"."""
    if outcome.spec.endpoint.kind is EndpointKind.RECORDED:
        return "recorded: how many were under way is unknown"
    latency = outcome.document["latency"]
    setting, measured = latency.get("concurrency"), latency.get("in_flight")
    known = "" if setting is None else f"{setting:,} at once by its settings, "
    under_way = "an unknown number" if measured is None else f"{measured:.1f}"
    return f"{known}{under_way} under way on average"


def _line(outcome: Outcome, label: str, prefix: str, count: str) -> SpeedLine:
    latency: Mapping[str, Any] = outcome.document["latency"]
    n = latency.get(count) or 0
    return SpeedLine(
        measure=label,
        cells=tuple(_cell(latency, prefix + quantile) for quantile in QUANTILES),
        n=figures.count(n),
        unknown="" if n else _why(outcome, prefix),
    )


def _cell(latency: Mapping[str, Any], name: str) -> SpeedCell:
    low, high = latency.get(f"{name}_low_seconds"), latency.get(f"{name}_high_seconds")
    interval = ""
    if low is not None and high is not None:
        interval = f"[{_bare(low)}, {_bare(high)}]"
    return SpeedCell(value=figures.seconds(latency.get(f"{name}_seconds")), interval=interval)


def _bare(seconds: float) -> str:
    return figures.seconds(seconds).removesuffix(" s")


def _why(outcome: Outcome, prefix: str) -> str:
    if not prefix:
        return "unknown: no answer has a latency"
    if outcome.spec.endpoint.kind is EndpointKind.RECORDED:
        return "unknown: the recorded rows do not say"
    if not is_streamed(outcome.spec):
        return "unknown: answers were not streamed"
    if prefix == "tpot_" and outcome.document["latency"].get("ttft_n"):
        return "unknown: no answer had two tokens that were counted"
    return "unknown: no streamed answer came"
