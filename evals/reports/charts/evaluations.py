"""The charts of an evaluation that has ended."""

from dataclasses import dataclass

from evals.queries.evaluations import Findings
from evals.reports.charts.chart import Chart
from evals.reports.charts.latencies import latency_chart
from evals.reports.charts.narrowing import narrowing_chart
from evals.reports.charts.tradeoffs import trade_off_chart


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationCharts:
    """What is drawn on the page; `over_trials` rest on every answer, not on sums alone."""

    trade_off: Chart
    over_trials: tuple[Chart, ...]

    @classmethod
    def of(cls, findings: Findings) -> "EvaluationCharts":
        """Return the charts of what an evaluation found; none of latencies where none is known."""
        narrowing = narrowing_chart(findings.narrowing)
        latencies = [latency_chart(findings.latencies)] if findings.latencies.curves else []
        return cls(
            trade_off=trade_off_chart(findings.trade_off.found),
            over_trials=(narrowing, *latencies),
        )
