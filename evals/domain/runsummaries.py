"""Figures of a run that is still going on, from what was counted so far: no intervals yet."""

from evals.domain.accepting import Acceptance
from evals.domain.measured import COST_PER_ACCEPTED, ERROR_RATE
from evals.domain.metrics import FIRST_TOKEN_QUANTILES, Metric, Quantile, RunFacts

LATER = "an interval when the run has ended"


def summarise_first_tokens(facts: RunFacts) -> tuple[Metric, ...]:
    """Return the quantiles of the seconds to the first token, with order-statistic intervals."""
    latency = facts.latency
    return tuple(
        _first_token(name, latency.first_token.get(share, Quantile()), latency.first_token_n)
        for name, share in FIRST_TOKEN_QUANTILES.items()
    )


def summarise_errors(facts: RunFacts) -> Metric:
    """Return the share of stored trials that ended in an error; see `measured`."""
    counts = facts.counts
    stored, errors = counts.judged + counts.unscored, counts.model_error + counts.unscored
    return _plain(ERROR_RATE, errors / stored if stored else None, stored)


def summarise_accepted(facts: RunFacts, acceptance: Acceptance) -> Metric:
    """Return what an accepted answer costs in US dollars, None where a cost is unknown."""
    cost, score = facts.cost, facts.scores[acceptance.metric]
    value = None
    if cost.known and cost.mean is not None and score.passed is not None and score.n:
        rate, failure = score.passed / score.n, acceptance.failure_usd
        if failure is not None:
            value = cost.mean + failure * (1 - rate)
        elif rate:
            value = cost.mean / rate
    return _plain(COST_PER_ACCEPTED, value, cost.n)


def _plain(metric: str, value: float | None, n: int) -> Metric:
    return Metric(metric=metric, value=value, low=None, high=None, n=n, method=LATER)


def _first_token(name: str, quantile: Quantile, n: int) -> Metric:
    return Metric(
        metric=name,
        value=quantile.value,
        low=quantile.low,
        high=quantile.high,
        n=n,
        method="95 % order-statistic interval",
    )
