"""The figure that each line of a bar speaks of, with its two-sided 95 % interval.

What was judged counts here and nothing else, as in `estimates`; the bound that decides is another
(see `bars`), since it counts every doubt against the claim.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

import numpy as np

from evals.domain.acceptedfigures import accepted_figure
from evals.domain.estimates import Estimator
from evals.domain.intervals import Interval, Ranks, quantile_interval
from evals.domain.measured import COST_PER_ACCEPTED, SPEED_QUANTILES
from evals.domain.metrics import FIRST_TOKEN_QUANTILES, SHOWN_CONFIDENCE, Metric
from evals.domain.paired import PairedTable
from evals.domain.sequential import anytime_rate_lower, anytime_rate_upper
from evals.domain.specs import CriterionSpec
from evals.domain.subjects import NOTHING_TIMED, seconds_of

TAIL = (1 - SHOWN_CONFIDENCE) / 2
Slice = Mapping[str, str] | None


def line_figure(estimator: Estimator, criterion: CriterionSpec) -> Metric | None:
    """Return the figure of a line, None for a cost per 1,000 and where nothing is compared."""
    if criterion.is_paired:
        return difference_figure(estimator, criterion.metric, criterion.slice)
    if criterion.metric in SPEED_QUANTILES:
        return _latency(estimator, criterion.metric, criterion.slice)
    if criterion.metric == COST_PER_ACCEPTED:
        return accepted_figure(estimator, criterion.metric)
    if criterion.metric in estimator.grounds.table.scores:
        return estimator.score(criterion.metric, criterion.slice)
    return None


def difference_figure(estimator: Estimator, metric: str, wanted: Slice = None) -> Metric | None:
    """Return the mean difference from the incumbent on the trials that both have scored."""
    incumbent = estimator.grounds.incumbent
    if incumbent is None:
        return None
    differences = estimator.known(
        estimator.grounds.table.scores[metric] - incumbent.scores[metric], wanted
    )
    if not len(differences):
        return None
    interval, method = _difference_interval(estimator, metric, wanted)
    return Metric(
        metric=metric,
        slice=wanted,
        value=float(differences.mean()),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=len(differences),
        method=method,
    )


def paired_table(estimator: Estimator, metric: str, wanted: Slice = None) -> PairedTable | None:
    """Return who got right what on the trials that both have; None for graded scores."""
    incumbent = estimator.grounds.incumbent
    if incumbent is None or metric in estimator.graded:
        return None
    own, other = estimator.grounds.table.scores[metric], incumbent.scores[metric]
    is_unknown = np.isnan(own) | np.isnan(other)
    ours = estimator.known(np.where(is_unknown, np.nan, own), wanted) == 1
    theirs = estimator.known(np.where(is_unknown, np.nan, other), wanted) == 1
    return PairedTable(
        both=int((ours & theirs).sum()),
        only_candidate=int((ours & ~theirs).sum()),
        only_incumbent=int((~ours & theirs).sum()),
        neither=int((~ours & ~theirs).sum()),
    )


def _difference_interval(
    estimator: Estimator, metric: str, wanted: Slice
) -> tuple[Interval | None, str]:
    table = paired_table(estimator, metric, wanted)
    if table is not None and not (estimator.are_dependent or estimator.stop_early):
        return table.interval(), "95 % Tango score interval"
    return estimator.difference(metric, wanted)


def _latency(estimator: Estimator, metric: str, wanted: Slice) -> Metric:
    table, share = estimator.grounds.table, SPEED_QUANTILES[metric]
    measured = seconds_of(table, metric)
    seconds = np.sort(estimator.known(np.where(table.judged, measured, np.nan), wanted))
    n = len(seconds)
    rank = max(1, -(-round(share * 100) * n // 100))
    ranks = (_anytime_ranks if estimator.stop_early else quantile_interval)(n, share)
    kind = "anytime-valid order-statistic" if estimator.stop_early else "order-statistic"
    return Metric(
        metric=metric,
        slice=wanted,
        value=float(seconds[rank - 1]) if n else None,
        low=float(seconds[ranks.low - 1]) if ranks.low else None,
        high=float(seconds[ranks.high - 1]) if ranks.high else None,
        n=n,
        method=f"95 % {kind} interval" if n else NOTHING_TIMED[metric in FIRST_TOKEN_QUANTILES],
    )


def _anytime_ranks(n: int, share: float) -> Ranks:
    """Return the ranks of the sorted samples that bound a quantile whenever one looks.

    A value is left out where the share of samples up to it is told from `share`, and that share is
    a rate: so its interval is turned around.

    Source: Howard and Ramdas (2022), Bernoulli 28, 1704-1728, for sequential quantiles.
    """
    if not n:
        return Ranks(None, None)
    counts = range(n + 1)
    low = bisect_left(counts, share, key=lambda k: anytime_rate_upper(k, n, alpha=TAIL))
    high = bisect_right(counts, share, key=lambda k: anytime_rate_lower(k, n, alpha=TAIL))
    return Ranks(low or None, high if high <= n else None)
