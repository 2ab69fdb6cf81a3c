"""Whether one run clears one line of a quality bar.

A fixed-n plan reads these once, when the run has ended. Two one-sided bounds at the plan's alpha
decide, and every doubt counts against the claim ("fail closed"). With

    good   the sum of the judged trials' scores (for latency: how many were fast enough; a
           model_error never was, however fast its refusal came),
    n      the judged trials that have such a figure,
    gap    planned - n: infra_error, scorer_error, latency unknown, or never asked,
    low    the lower bound of good out of n + gap: each gap a 0,
    high   the upper bound of good + gap out of n + gap: each gap a 1,

`at_least t` is met when low >= t and missed when high < t; `at_most t` is met when high <= t and
missed when low > t; else it is unsettled, and always where n is 0. 0/1 scores asked once per
sample have Clopper-Pearson bounds. Graded scores, and plans that ask each sample several times,
have Chernoff-Hoeffding bounds over the (n + gap) / epochs sample means, which are independent.
Where samples come in clusters, scores have those bounds over the clusters' means, which claims the
average cluster; latencies and costs do not hang on what is asked about, and stay by trial.

A latency quantile `at_most L` is judged as the share of trials within L being at least .50, .95
or .99. A cost has no largest value, so a gap leaves its upper bound unknown: it can then be
missed (each gap costs nothing) and never met.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evals.domain.claims import Bounds, Claim, ClusterClaim, CostClaim, Gaps, RateClaim
from evals.domain.metrics import (
    COST_PER_1K,
    LATENCY_QUANTILES,
    ClusterMeans,
    Quantile,
    RunFacts,
    ScoreFacts,
    cost_per_1k,
)
from evals.domain.specs import Comparator, CriterionSpec

MOST_SAMPLES = 10_000_000  # beyond it no number of samples is worth naming


class CriterionState(StrEnum):
    """Whether the evidence settles a criterion."""

    MET = "met"
    MISSED = "missed"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One criterion judged.

    `value` and `n` are those of the judged trials (a latency quantile in seconds, a cost in
    dollars per thousand); None is unknown. `bound` is the one that decided, or for an unsettled
    criterion the one that failed to clear the threshold; for a latency it bounds the share of
    trials within the threshold. `samples_needed` are samples still needed beyond those judged,
    None if settled or if no number up to ten million would do; see `judge`.
    """

    criterion: CriterionSpec
    state: CriterionState
    value: float | None
    bound: float | None
    n: int
    samples_needed: int | None
    method: str


def judge(criterion: CriterionSpec, facts: RunFacts, *, alpha: float) -> CriterionResult:
    """Return whether the run's facts settle the criterion, by the rules at the top.

    `samples_needed` is the smallest number of additional samples with which an unsettled
    criterion would settle if they scored as the judged ones did on average. They fill what the
    run never asked first; trials that failed without a score stay counted against the claim.

    Raises:
        ValueError: If the facts lack the metric, or a latency or a cost is to be "at least".

    Source: Clopper and Pearson (1934); Hoeffding (1963), Theorem 1; Student (1908) for costs.
    """
    if criterion.metric in LATENCY_QUANTILES:
        return _judge_latency(criterion, facts, alpha=alpha)
    if criterion.metric == COST_PER_1K:
        return _judge_cost(criterion, facts, alpha=alpha)
    return _judge_score(criterion, facts, alpha=alpha)


def _judge_score(criterion: CriterionSpec, facts: RunFacts, *, alpha: float) -> CriterionResult:
    score = _score_for(criterion.metric, facts)
    if score is None or not score.n:
        return _unknown(criterion, n=0, method="nothing was judged")
    if score.clusters is not None:
        return _judge_clusters(criterion, score, score.clusters, alpha=alpha)
    claim = RateClaim(
        good=score.total,
        n=score.n,
        gaps=Gaps.of(facts, n=score.n),
        epochs=facts.epochs,
        is_exact=score.is_binary and facts.epochs == 1,
        alpha=alpha,
    )
    test = _Test(claim, criterion.comparator, criterion.threshold)
    return _result(criterion, test, value=score.mean, n=score.n, method=_rate_method(claim))


def _judge_clusters(
    criterion: CriterionSpec, score: ScoreFacts, clusters: ClusterMeans, *, alpha: float
) -> CriterionResult:
    claim = ClusterClaim(clusters=clusters, size=max(1.0, score.n / clusters.count), alpha=alpha)
    test = _Test(claim, criterion.comparator, criterion.threshold)
    method = f"one-sided Chernoff-Hoeffding bound over the means of {clusters.count} clusters"
    return _result(criterion, test, value=score.mean, n=score.n, method=method)


def _judge_latency(criterion: CriterionSpec, facts: RunFacts, *, alpha: float) -> CriterionResult:
    _check_at_most(criterion)
    latency, share = facts.latency, LATENCY_QUANTILES[criterion.metric]
    if not latency.n:
        return _unknown(criterion, n=0, method="no latency is known")
    claim = RateClaim(
        good=_within(latency.within, criterion.threshold),
        n=latency.n,
        gaps=Gaps.of(facts, n=latency.n),
        epochs=facts.epochs,
        is_exact=facts.epochs == 1,
        alpha=alpha,
    )
    test = _Test(claim, Comparator.AT_LEAST, share)
    value = latency.quantiles.get(share, Quantile()).value
    method = f"share within {criterion.threshold:g} s at least {share:g}: {_rate_method(claim)}"
    return _result(criterion, test, value=value, n=latency.n, method=method)


def _judge_cost(criterion: CriterionSpec, facts: RunFacts, *, alpha: float) -> CriterionResult:
    _check_at_most(criterion)
    cost, value = facts.cost, cost_per_1k(facts.cost)
    if value is None:
        return _unknown(criterion, n=cost.n, method="the price or the usage is unknown")
    claim = CostClaim(
        mean=value,
        sd=None if cost.sd is None else 1000 * cost.sd,
        n=cost.n,
        gaps=Gaps.of(facts, n=cost.n),
        epochs=facts.epochs,
        alpha=alpha,
    )
    test = _Test(claim, Comparator.AT_MOST, criterion.threshold)
    estimated = ", estimated costs" if cost.estimated else ""
    method = f"one-sided t bound{estimated}{_gap_words(claim.gaps, 'no known upper bound')}"
    return _result(criterion, test, value=value, n=cost.n, method=method)


@dataclass(frozen=True, slots=True)
class _Test:
    """A claim against a threshold."""

    claim: Claim
    comparator: Comparator
    threshold: float

    def state(self, bounds: Bounds) -> CriterionState:
        low, high = bounds.low, bounds.high
        is_low_enough = high is not None and high <= self.threshold
        is_above = low is not None and low > self.threshold
        if self.comparator is Comparator.AT_MOST:
            return _state(is_met=is_low_enough, is_missed=is_above)
        is_high_enough = low is not None and low >= self.threshold
        is_below = high is not None and high < self.threshold
        return _state(is_met=is_high_enough, is_missed=is_below)

    def bound(self, bounds: Bounds) -> float | None:
        """Return the bound that made the state; for an unsettled one that on which GO hangs."""
        is_missed = self.state(bounds) is CriterionState.MISSED
        is_at_most = self.comparator is Comparator.AT_MOST
        return bounds.low if is_missed == is_at_most else bounds.high

    def samples_needed(self) -> int | None:
        """Return the fewest additional samples that settle it, None above ten million."""
        extras = range(1, MOST_SAMPLES + 1)
        needed = 1 + bisect_left(extras, 1, key=lambda extra: int(self._is_settled(extra)))
        return needed if needed <= MOST_SAMPLES else None

    def _is_settled(self, extra: int) -> bool:
        return self.state(self.claim.bounds(extra)) is not CriterionState.UNSETTLED


def _state(*, is_met: bool, is_missed: bool) -> CriterionState:
    if is_met:
        return CriterionState.MET
    return CriterionState.MISSED if is_missed else CriterionState.UNSETTLED


def _result(
    criterion: CriterionSpec, test: _Test, *, value: float | None, n: int, method: str
) -> CriterionResult:
    bounds = test.claim.bounds()
    state = test.state(bounds)
    is_open = state is CriterionState.UNSETTLED and value is not None
    return CriterionResult(
        criterion=criterion,
        state=state,
        value=value,
        bound=test.bound(bounds),
        n=n,
        samples_needed=test.samples_needed() if is_open else None,
        method=method,
    )


def _unknown(criterion: CriterionSpec, *, n: int, method: str) -> CriterionResult:
    return CriterionResult(
        criterion=criterion,
        state=CriterionState.UNSETTLED,
        value=None,
        bound=None,
        n=n,
        samples_needed=None,
        method=method,
    )


def _score_for(metric: str, facts: RunFacts) -> ScoreFacts | None:
    """Return the metric's facts, or None where nothing was judged at all."""
    if metric not in facts.scores and facts.counts.judged:
        raise ValueError(f"metric {metric!r}: found only {sorted(facts.scores)}")
    return facts.scores.get(metric)


def _within(within: Mapping[float, int], seconds: float) -> int:
    if seconds not in within:
        raise ValueError(f"trials within {seconds:g} s: found only {sorted(within)}")
    return within[seconds]


def _check_at_most(criterion: CriterionSpec) -> None:
    if criterion.comparator is not Comparator.AT_MOST:
        raise ValueError(f"{criterion.metric}: need at_most, got {criterion.comparator}")


def _rate_method(claim: RateClaim) -> str:
    name = "Clopper-Pearson" if claim.is_exact else "Chernoff-Hoeffding"
    over = " over samples" if claim.epochs > 1 else ""
    return f"one-sided {name} bound{over}{_gap_words(claim.gaps, 'counted against')}"


def _gap_words(gaps: Gaps, consequence: str) -> str:
    gap = gaps.after(0)
    return f"; {gap} trials without a figure: {consequence}" if gap else ""
