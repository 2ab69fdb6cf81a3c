"""Runs side by side, metric by metric, each with its paired difference from the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evals.domain.comparisons import sample_means
from evals.domain.estimates import Estimator
from evals.domain.linefigures import difference_figure, line_figure
from evals.domain.metrics import COST_PER_1K, LATENCY_QUANTILES, Metric
from evals.domain.specs import GRADED, Comparator, CriterionSpec
from evals.domain.subjects import RunGrounds
from evals.queries import figures
from evals.queries.comparedruns import ComparedRun, Comparison
from evals.queries.kept import Kept

Slice = Mapping[str, str] | None
Scored = tuple[Metric, Metric | None]
MOST_KEPT = 4096

_figures: Kept[Scored] = Kept(MOST_KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryCell:
    """One run's figure. `mark` is better, worse or unclear where an interval tells, else ""."""

    label: str
    value: str
    interval: str
    n: str
    difference: str
    difference_interval: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """One metric of all runs."""

    label: str
    method: str
    cells: tuple[SummaryCell, ...]


def summary_rows(comparison: Comparison, wanted: Slice) -> tuple[SummaryRow, ...]:
    """Return a row for each shared scorer, then latencies and cost."""
    scores = [_score_row(comparison, scorer.name, wanted) for scorer in comparison.scorers]
    latencies = [_latency_row(comparison, name, wanted) for name in LATENCY_QUANTILES]
    return (*scores, *latencies, _cost_row(comparison, wanted))


def _estimator(comparison: Comparison, each: ComparedRun) -> Estimator:
    is_baseline = each is comparison.baseline
    return Estimator(
        grounds=RunGrounds(
            table=each.table,
            layout=comparison.layout,
            incumbent=None if is_baseline else comparison.baseline.table,
        ),
        upto=comparison.layout.size,
        stop_early=any(run.spec.plan.stop_early for run in comparison.runs),
        graded=_graded(comparison),
    )


def _graded(comparison: Comparison) -> frozenset[str]:
    """Return the metrics with partial credit; a mean of several attempts is partial too."""
    if len({run.run.evaluation.epochs for run in comparison.runs}) > 1:
        return frozenset(scorer.name for scorer in comparison.scorers)
    return GRADED


def _score_row(comparison: Comparison, metric: str, wanted: Slice) -> SummaryRow:
    found = [_kept(comparison, each, metric, wanted) for each in comparison.runs]
    methods = {difference.method for _, difference in found if difference}
    return SummaryRow(
        label=figures.metric_label(metric),
        method=_method(found[0][0].method, methods),
        cells=tuple(
            _score_cell(each.label, *figures_of)
            for each, figures_of in zip(comparison.runs, found, strict=True)
        ),
    )


def _method(score: str, differences: set[str]) -> str:
    return "; difference: ".join([score, *sorted(differences)])


def _score_cell(label: str, score: Metric, difference: Metric | None) -> SummaryCell:
    return SummaryCell(
        label=label,
        value=figures.rate(score.value),
        interval=figures.interval(score.low, score.high),
        n=figures.count(score.n),
        difference=figures.difference(difference.value) if difference else "",
        difference_interval=figures.difference_interval(difference.low, difference.high)
        if difference
        else "",
        mark=_mark(difference),
    )


def _mark(difference: Metric | None) -> str:
    if difference is None or difference.low is None or difference.high is None:
        return ""
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "unclear"


def _kept(comparison: Comparison, each: ComparedRun, metric: str, wanted: Slice) -> Scored:
    """Return a run's score and its difference; resampling takes seconds, so both are kept."""

    def computed() -> Scored:
        estimator = _estimator(comparison, each)
        return estimator.score(metric, wanted), difference_figure(estimator, metric, wanted)

    ended = [run.run.evaluation.finished_at for run in (comparison.baseline, each)]
    if None in ended:
        return computed()
    where = tuple(sorted((wanted or {}).items()))
    stop_early = any(run.spec.plan.stop_early for run in comparison.runs)
    graded = metric in _graded(comparison)
    pair = (comparison.baseline.run.pk, each.run.pk)
    return _figures.get((pair, *ended, metric, where, stop_early, graded), computed)


def _latency_row(comparison: Comparison, name: str, wanted: Slice) -> SummaryRow:
    line = CriterionSpec(
        metric=name, comparator=Comparator.AT_MOST, threshold=1.0, slice=wanted or None
    )
    found = [line_figure(_estimator(comparison, each), line) for each in comparison.runs]
    first = found[0].value if found[0] else None
    return SummaryRow(
        label=figures.metric_label(name),
        method=found[0].method if found[0] else "",
        cells=tuple(
            _latency_cell(each.label, figure, "" if each is comparison.baseline else first)
            for each, figure in zip(comparison.runs, found, strict=True)
        ),
    )


def _latency_cell(
    label: str, figure: Metric | None, first: float | Literal[""] | None
) -> SummaryCell:
    """Return the cell; `first` is the baseline's latency, "" in its own column."""
    value = figure.value if figure else None
    low, high = (figure.low, figure.high) if figure else (None, None)
    is_known = low is not None and high is not None
    return SummaryCell(
        label=label,
        value=figures.seconds(value),
        interval=f"[{figures.seconds(low)}, {figures.seconds(high)}]" if is_known else "",
        n=figures.count(figure.n if figure else None),
        difference="" if first == "" else _change(value, first),
        difference_interval="",
        mark="",
    )


def _cost_row(comparison: Comparison, wanted: Slice) -> SummaryRow:
    where = comparison.layout.where(wanted)[:, np.newaxis]
    costs = [_mean_cost(each, where) for each in comparison.runs]
    return SummaryRow(
        label=figures.metric_label(COST_PER_1K),
        method="mean of the judged trials; unknown where a price or usage is",
        cells=tuple(
            SummaryCell(
                label=each.label,
                value=figures.usd(None if usd is None else 1000 * usd)
                + (" est." if usd is not None and each.table.is_estimated else ""),
                interval="",
                n=figures.UNKNOWN if usd is None else figures.count(_judged(each, where)),
                difference="" if each is comparison.baseline else _change(usd, costs[0]),
                difference_interval="",
                mark="",
            )
            for each, usd in zip(comparison.runs, costs, strict=True)
        ),
    )


def _mean_cost(each: ComparedRun, where: Any) -> float | None:
    usd = sample_means(np.where(each.table.judged & where, each.table.usd, np.nan))
    judged = (each.table.judged & where).any(axis=1)
    known = usd[judged]
    return float(known.mean()) if len(known) and not np.isnan(known).any() else None


def _judged(each: ComparedRun, where: Any) -> int:
    return int((each.table.judged & where).sum())


def _change(value: float | None, first: float | None) -> str:
    """Return "+2 %" or what is less, a dash where either is unknown or the baseline is free."""
    if value is None or not first:
        return figures.UNKNOWN
    return f"{100 * (value / first - 1):+.0f} %".replace("-", figures.MINUS)
