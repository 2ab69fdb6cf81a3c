"""What an accepted answer cost, with its interval, for showing."""

import numpy as np

from evals.domain.clustered import clustered_mean
from evals.domain.costsubjects import accepted_cost
from evals.domain.estimates import Estimator
from evals.domain.intervals import Interval
from evals.domain.metrics import SHOWN_CONFIDENCE, Metric
from evals.domain.sequential import Floats


def accepted_figure(estimator: Estimator, metric: str) -> Metric | None:
    """Return the cost of an accepted answer in US dollars, None where nothing is accepted by.

    The interval is a t interval over samples or clusters. Where wrong answers are thrown away the
    figure is a ratio, and the interval is that of its residuals.

    Source: Cochran (1977), Sampling Techniques, section 6.3, for the ratio.
    """
    grounds = estimator.grounds
    if grounds.acceptance is None:
        return None
    table, failure = grounds.table, grounds.acceptance.failure_usd
    usd = np.where(table.judged, table.usd, np.nan)
    right = table.scores[grounds.acceptance.metric]
    where = grounds.layout.where(None)
    shown = accepted_cost(usd, right, where, estimator.upto, failure=failure)
    interval = None
    if shown.value is not None:
        lost = usd - shown.value * right if failure is None else usd + failure * (1 - right)
        per = estimator.known(np.where(np.isnan(usd), np.nan, right), None).mean()
        half = _half(estimator, lost, per=float(per) if failure is None else 1.0)
        interval = half and Interval(max(0.0, shown.value - half), shown.value + half)
    return Metric(
        metric=metric,
        value=shown.value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=shown.n,
        method="95 % t interval" if interval else "no interval",
    )


def _half(estimator: Estimator, figures: Floats, *, per: float) -> float | None:
    """Return half the width of the interval for the mean of figures, for each accepted answer."""
    found = clustered_mean(*estimator.members(figures, None))
    interval = found.interval(SHOWN_CONFIDENCE) if found else None
    return (interval.high - interval.low) / 2 / per if interval else None
