"""The charts of an evaluation that has ended."""

from dataclasses import dataclass
from functools import lru_cache

from evals.queries.evaluations import Findings
from evals.reports.charts.chart import Chart
from evals.reports.charts.latencies import latency_chart
from evals.reports.charts.narrowing import narrowing_chart
from evals.reports.charts.tradeoffs import trade_off_chart

# What rests on every answer never changes, and drawing it takes most of the page's time.
_narrowing, _latency = lru_cache(128)(narrowing_chart), lru_cache(128)(latency_chart)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationCharts:
    """What is drawn on the page; `over_trials` rest on every answer, not on sums alone."""

    trade_off: Chart
    over_trials: tuple[Chart, ...]

    @classmethod
    def of(cls, findings: Findings) -> "EvaluationCharts":
        """Return the charts of what an evaluation found; none of latencies where none is known."""
        latencies = [_latency(findings.latencies)] if findings.latencies.curves else []
        return cls(
            trade_off=trade_off_chart(findings.trade_off.found),
            over_trials=(_narrowing(findings.narrowing), *latencies),
        )

    @property
    def all(self) -> tuple[Chart, ...]:
        """Every chart of the page."""
        return (self.trade_off, *self.over_trials)
