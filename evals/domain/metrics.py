"""What was counted for one run, and the figures made of it, each with its interval.

The facts are values that somebody else counts; nothing here decides anything (see `bars`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from evals.domain.intervals import (
    Interval,
    mean_lower,
    mean_upper,
    wilson_interval,
)

LATENCY_QUANTILES: Mapping[str, float] = MappingProxyType(
    {"latency_p50_seconds": 0.50, "latency_p95_seconds": 0.95, "latency_p99_seconds": 0.99}
)
FIRST_TOKEN_QUANTILES: Mapping[str, float] = MappingProxyType(
    {"ttft_p50_seconds": 0.50, "ttft_p95_seconds": 0.95, "ttft_p99_seconds": 0.99}
)
PER_TOKEN_QUANTILES: Mapping[str, float] = MappingProxyType(
    {"tpot_p50_seconds": 0.50, "tpot_p95_seconds": 0.95, "tpot_p99_seconds": 0.99}
)
COST_PER_1K = "cost_per_1k_usd"
SHOWN_CONFIDENCE = 0.95  # of every interval that is shown, whatever the plan's alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many trials ended in which state; `skipped` ones were never asked and have no row.

    `truncated` are those of the judged ones whose answer was cut at max_tokens.
    """

    ok: int = 0
    no_answer: int = 0
    model_error: int = 0
    infra_error: int = 0
    scorer_error: int = 0
    skipped: int = 0
    truncated: int = 0

    @property
    def judged(self) -> int:
        """Trials that say something about the candidate: the n of every rate."""
        return self.ok + self.no_answer + self.model_error

    @property
    def unscored(self) -> int:
        """Trials that were asked and say nothing about the candidate."""
        return self.infra_error + self.scorer_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFacts:
    """The judged trials' scores of one metric, each in [0, 1]; no_answer and model_error give 0.

    `total` and `squares` are sums of the scores and of their squares, `ones` and `zeros` count
    the scores of exactly 1 and 0. `is_graded` says that the scorer can give partial credit, so
    that the rule which judges it does not hang on whether it happened to.
    """

    metric: str
    n: int
    total: float
    squares: float
    ones: int
    zeros: int
    is_graded: bool = False

    @property
    def is_binary(self) -> bool:
        """Whether every score is 0 or 1, and not by chance."""
        return not self.is_graded and self.ones + self.zeros == self.n

    @property
    def passed(self) -> int | None:
        """Trials that scored 1, None for a graded metric."""
        return self.ones if self.is_binary else None

    @property
    def mean(self) -> float | None:
        """The mean score, None when nothing was judged; sums of floats may stray past 1."""
        return min(max(self.total / self.n, 0.0), 1.0) if self.n else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """One latency quantile in seconds with its 95 % interval; None is unknown."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFacts:
    """Latencies of the `n` judged trials that have one.

    `quantiles` has an entry for .5, .95 and .99, as far as they are known; so have `first_token`,
    the seconds to the first token, and `per_token`, those for each output token after it, over
    the trials that were streamed. `in_flight` is how many requests were under way on average.
    """

    n: int = 0
    quantiles: Mapping[float, Quantile] = field(default_factory=lambda: MappingProxyType({}))
    first_token: Mapping[float, Quantile] = field(default_factory=lambda: MappingProxyType({}))
    first_token_n: int = 0
    per_token: Mapping[float, Quantile] = field(default_factory=lambda: MappingProxyType({}))
    per_token_n: int = 0
    in_flight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts:
    """Costs in US dollars of the `n` judged trials that have one.

    `known` is False where a price or a usage is missing; the other figures then say nothing.
    `total_usd` is what the whole run cost, failed trials included; `mean` and `sd` (with n - 1
    in the denominator, None for n < 2) are per judged trial.
    """

    known: bool = False
    total_usd: Decimal | None = None
    n: int = 0
    mean: float | None = None
    sd: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that was counted for one candidate: the only grounds of its verdict.

    `planned` is how many trials the plan asked for, `epochs` for each sample; those without a
    row are `missing`. `has_clusters` says that samples depend on each other.

    Raises:
        ValueError: If more trials were counted than planned (one counted twice would help a
            candidate), or a metric counts more scores than trials that were judged.
    """

    counts: Counts
    planned: int
    epochs: int = 1
    has_clusters: bool = False
    scores: Mapping[str, ScoreFacts] = field(default_factory=lambda: MappingProxyType({}))
    latency: LatencyFacts = LatencyFacts()
    cost: CostFacts = CostFacts()

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.planned % self.epochs:
            raise ValueError(f"need whole samples, got {self.planned} trials in {self.epochs}s")
        if self.missing < 0:
            raise ValueError(f"need at most the {self.planned} planned trials, got {self.counts}")
        judged = self.counts.judged
        if max(self.latency.n, self.cost.n, *(s.n for s in self.scores.values()), 0) > judged:
            raise ValueError(f"need figures of at most the {judged} judged trials, got {self}")

    @property
    def are_independent(self) -> bool:
        """Whether no trial depends on another."""
        return self.epochs == 1 and not self.has_clusters

    @property
    def missing(self) -> int:
        """Planned trials without a row: the run ended before them."""
        return self.planned - self.counts.judged - self.counts.unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure over the judged trials with its two-sided 95 % interval; None is unknown.

    `passed` counts trials that scored 1 where every score is 0 or 1.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    passed: int | None = None
    slice: Mapping[str, str] | None = None


def summarise(facts: RunFacts) -> tuple[Metric, ...]:
    """Return the mean of every metric that was scored, in the order of `facts.scores`.

    Sums tell an interval only where each trial is independent and passes or fails; see `estimates`
    for the others.
    """
    return tuple(_score_metric(score, facts) for score in facts.scores.values())


def summarise_latency(facts: RunFacts) -> tuple[Metric, ...]:
    """Return the latency quantiles in seconds, with intervals from order statistics."""
    return tuple(_latency_metric(name, facts.latency) for name in LATENCY_QUANTILES)


def summarise_cost(facts: RunFacts) -> Metric:
    """Return the mean cost of a thousand judged trials in US dollars, with a t interval."""
    cost = facts.cost
    value = cost_per_1k(cost)
    method = "95 % t interval" + (", estimated costs" if cost.estimated else "")
    interval = None if value is None else _mean_interval(cost, items=cost.n // facts.epochs)
    return Metric(
        metric=COST_PER_1K,
        value=value,
        low=None if interval is None else 1000 * interval.low,
        high=None if interval is None else 1000 * interval.high,
        n=cost.n,
        method=method,
    )


def cost_per_1k(cost: CostFacts) -> float | None:
    """Return the mean cost of a thousand judged trials in US dollars, None if unknown."""
    return 1000 * cost.mean if cost.known and cost.n and cost.mean is not None else None


def _score_metric(score: ScoreFacts, facts: RunFacts) -> Metric:
    interval, method = None, "nothing was judged"
    if score.n:
        method = "an interval when the run has ended"
    if score.n and score.is_binary and facts.are_independent:
        interval, method = wilson_interval(score.ones, score.n), "95 % Wilson score interval"
    return Metric(
        metric=score.metric,
        value=score.mean,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        n=score.n,
        passed=score.passed,
        method=method,
    )


def _latency_metric(name: str, latency: LatencyFacts) -> Metric:
    quantile = latency.quantiles.get(LATENCY_QUANTILES[name], Quantile())
    return Metric(
        metric=name,
        value=quantile.value,
        low=quantile.low,
        high=quantile.high,
        n=latency.n,
        method="95 % order-statistic interval",
    )


def _mean_interval(cost: CostFacts, *, items: int) -> Interval | None:
    if cost.mean is None or cost.sd is None:
        return None
    tail = (1 - SHOWN_CONFIDENCE) / 2
    low = mean_lower(cost.mean, cost.sd, items, alpha=tail)
    high = mean_upper(cost.mean, cost.sd, items, alpha=tail)
    return None if low is None or high is None else Interval(max(low, 0.0), high)
