"""False verdicts of the product itself: every kind of criterion, exactly at its bar."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from scipy import stats

from evals.domain.accepting import Acceptance
from evals.domain.measured import ERROR_RATE
from evals.domain.order import clustered_order, shuffled_order
from evals.domain.specs import CriterionSpec
from evals.domain.subjects import RunGrounds
from tests.domain.tables import at_least, at_most, grounds, table, within
from tests.simulate.errors import ErrorRow, row
from tests.simulate.judged import (
    Race,
    Stream,
    calls_alone,
    calls_streamed,
    calls_together,
)

N = 200
RATE = 0.85
CUT = "500 clusters of 1 to 20, large ones better, cut by max_samples"
F1 = frozenset({"exact_match"})
RULES = ((False, "fixed n"), (True, "stop rule"))
Drawn = Callable[[], tuple[CriterionSpec, RunGrounds]]


def product_rows(rng, runs) -> Iterator[ErrorRow]:
    """Each world under both rules; then several candidates, and runs that are read as they go."""
    for world, graded, draw in worlds(rng):
        for stop_early, rule in RULES:
            calls = calls_alone(partial(_race, draw, stop_early, graded), runs)
            yield row(f"product, {rule}", world, calls)
    yield from several(rng, max(1, runs // 4))
    yield from streams(rng, max(1, runs // 20))
    yield from limits(rng, runs)


def _race(draw: Drawn, stop_early, graded):
    line, own = draw()
    return Race(bar=(line,), grounds=(own,), stop_early=stop_early, graded=graded)


def worlds(rng):
    for rate in (0.5, 0.85, 0.95):
        yield f"rate {rate}", frozenset(), partial(_rate, rng, rate)
    yield "rate, half of what is wrong unscored", frozenset(), partial(_unscored, rng)
    yield "rate of a slice", frozenset(), partial(_slice, rng)
    for alike in (0.0, 0.6, 0.95):
        yield f"paired rates, {alike:.0%} alike", frozenset(), partial(_pair, rng, alike)
    yield "paired rates, incumbent lacks 5 %", frozenset(), partial(_pair, rng, 0.6, lost=0.05)
    for spread in (0.5, 8.0):
        yield f"graded, weight {spread}", F1, partial(_graded, rng, spread)
        yield f"graded pairs, weight {spread}", F1, partial(_graded_pair, rng, spread)
    for correlation in (0.0, 0.3, 0.8):
        yield (
            f"5 epochs, correlation {correlation}",
            frozenset(),
            partial(_epochs, rng, correlation),
        )
        world = f"40 clusters of 1 to 20, large ones worse, correlation {correlation}"
        yield world, frozenset(), partial(_clusters, rng, correlation)
    yield CUT, frozenset(), partial(_cut_clusters, rng)
    for quantile in ("p50", "p95"):
        yield f"latency {quantile}, lognormal", frozenset(), partial(_latency, rng, quantile)
    for sigma in (0.5, 1.0, 1.5):
        yield f"cost, lognormal {sigma}", frozenset(), partial(_cost, rng, sigma)
    for failure in (None, 0.04):
        wrong = "thrown away" if failure is None else "done again"
        world = f"cost per accepted answer, wrong ones {wrong}"
        yield world, frozenset(), partial(_accepted, rng, failure)
    yield "error rate", frozenset(), partial(_errors, rng)


def limits(rng, runs):
    """Where the assumption of the rule for costs ends, and an order that was broken."""
    for stop_early, rule in RULES:
        calls = calls_alone(partial(_race, partial(_cost, rng, 2.0), stop_early, frozenset()), runs)
        world = "cost, lognormal 2.0: 44 % of the money beyond ten times the mean"
        yield row(f"product, {rule}", world, calls, gates=False)
    draw = partial(_cut_clusters, rng, order_of=_sample_order)
    calls = calls_alone(
        partial(_race, draw, stop_early=False, graded=frozenset()), max(20, runs // 8)
    )
    yield row("fixed n on clusters in the order of samples", CUT, calls, gates=False)


def several(rng, runs):
    """Any GO among candidates that are all at the bar, asked about the same samples."""
    for count in (2, 3, 4):
        for alike in (0.0, 0.7):
            for stop_early, rule in RULES:
                race = partial(_rivals, rng, count, alike, stop_early)
                world = f"any GO of {count} candidates, correlation {alike}"
                calls = calls_together(race, runs)
                yield row(f"product, {rule}, Holm", world, calls, go_only=True)
    for stop_early, rule in RULES:
        world = "rate at its bar, latency met, of 2 candidates"
        yield row(
            f"product, {rule}, Holm",
            world,
            calls_together(partial(_two_lines, rng, stop_early), runs),
            go_only=True,
        )


def streams(rng, runs):
    """Read as answers come in, wrong ones late, ended when settled, Holm at the end."""
    for count in (1, 3):
        world = f"any GO of {count} candidates, read as they come in"
        calls = calls_streamed(partial(_stream, rng, count), runs)
        yield row("product, stop rule, live", world, calls, go_only=count > 1)


def _rate(rng, rate):
    return at_least(rate), grounds(table(_coins(rng, rate)))


def _accepted(rng, failure, mean=0.004):
    """Costs and right answers that hang together: the dear ones are right more often."""
    usd = rng.lognormal(-0.5 * 0.5**2, 0.5, N) * mean
    right = (rng.random(N) < np.where(usd > mean, 0.9, 0.7)).astype(float)
    share = 0.7 + 0.2 * stats.norm.sf(0.5 * 0.5)
    truth = mean / share if failure is None else mean + (1 - share) * failure
    acceptance = Acceptance(metric="exact_match", failure_usd=failure)
    line = at_most(truth, "cost_per_accepted_usd")
    return line, grounds(table(right, usd=usd), acceptance=acceptance)


def _errors(rng, rate=0.05):
    return at_most(rate, ERROR_RATE), grounds(table(_coins(rng, rate), metric=ERROR_RATE))


def _unscored(rng):
    scores = _coins(rng, RATE)
    scores[(scores == 0) & (rng.random(N) < 0.5)] = np.nan
    return at_least(RATE), grounds(table(scores))


def _slice(rng):
    is_web = rng.random(N) < 0.4
    scores = np.where(is_web, _coins(rng, RATE), _coins(rng, 0.99))
    channel = np.where(is_web, "web", "phone")
    return at_least(RATE, slice={"channel": "web"}), grounds(table(scores), channel=channel)


def _pair(rng, alike, lost=0.0, margin=0.05):
    """Right answers of both hang on one draw in so many cases."""
    shared, is_shared = rng.random(N), rng.random(N) < alike
    own, other = (np.where(is_shared, shared, rng.random(N)) for _ in range(2))
    theirs = (other < RATE).astype(float)
    theirs[rng.random(N) < lost] = np.nan
    mine = (own < RATE - margin).astype(float)
    return within(margin), grounds(table(mine), incumbent=table(theirs))


def _graded(rng, weight):
    return at_least(0.7), grounds(table(_beta(rng, 0.7, weight)))


def _graded_pair(rng, weight):
    own, other = _beta(rng, 0.7, weight), _beta(rng, 0.8, weight)
    return within(0.1), grounds(table(own), incumbent=table(other))


def _epochs(rng, correlation):
    rates = _beta(rng, RATE, 1 / correlation - 1) if correlation else np.full(N, RATE)
    scores = (rng.random((N, 5)) < rates[:, np.newaxis]).astype(float)
    return at_least(RATE), grounds(table(scores.ravel(), epochs=5))


def _cluster_world(rng, count, correlation, slope=0.01):
    """Clusters whose rate falls with their size, and the bar at the average cluster."""
    sizes = 1 + rng.integers(0, 20, count)
    centres = 0.95 - slope * sizes
    weight = 1 / correlation - 1 if correlation else np.inf
    rates = rng.beta(centres * weight, (1 - centres) * weight) if correlation else centres
    clusters = np.repeat(np.arange(count), sizes)
    scores = (rng.random(len(clusters)) < rates[clusters]).astype(float)
    return clusters, scores, 0.95 - slope * 10.5


def _clusters(rng, correlation):
    clusters, scores, truth = _cluster_world(rng, 40, correlation)
    order = clustered_order(clusters.tolist(), seed=int(rng.integers(2**31)))
    return at_least(truth), grounds(table(scores[order]), clusters=clusters[order])


def _cut_clusters(rng, asked=1000, order_of=clustered_order):
    """Large clusters are better, and only a part of the set is asked about."""
    clusters, scores, truth = _cluster_world(rng, 500, 0.0, slope=0.03)
    order = order_of(clusters.tolist(), seed=int(rng.integers(2**31)))[:asked]
    return at_least(1 - truth), grounds(table(1 - scores[order]), clusters=clusters[order])


def _sample_order(clusters, *, seed):
    """The order without regard to clusters: large ones are met first."""
    return shuffled_order(len(clusters), seed=seed)


def _latency(rng, quantile):
    share = {"p50": 0.5, "p95": 0.95}[quantile]
    seconds = rng.lognormal(size=N)
    line = at_most(float(stats.lognorm(1).ppf(share)), f"latency_{quantile}_seconds")
    return line, grounds(table(np.ones(N), seconds=seconds))


def _cost(rng, sigma):
    usd = rng.lognormal(-(sigma**2) / 2, sigma, N) * 0.0015
    return at_most(1.5, "cost_per_1k_usd"), grounds(table(np.ones(N), usd=usd))


def _rivals(rng, count, alike, stop_early):
    scores = _alike(rng, count, alike, N)
    own = tuple(grounds(table(each)) for each in scores)
    return Race(bar=(at_least(RATE),), grounds=own, stop_early=stop_early)


def _two_lines(rng, stop_early):
    lines = (at_least(RATE), at_most(2.0, "latency_p95_seconds"))
    own = tuple(
        grounds(table(_coins(rng, RATE), seconds=rng.uniform(0.1, 2.02, N))) for _ in range(2)
    )
    return Race(bar=lines, grounds=own, stop_early=stop_early)


def _stream(rng, count, slots=16):
    scores = _alike(rng, count, 0.5, N)
    own = tuple(grounds(table(each)) for each in scores)
    arrivals = [
        np.arange(N) / slots + rng.exponential(np.where(each > 0, 1.0, 4.0)) for each in scores
    ]
    looks = np.arange(1.0, N / slots + 20, 2.0).tolist()
    race = Race(bar=(at_least(RATE),), grounds=own, stop_early=True)
    return race, Stream(arrivals=arrivals, looks=looks, overshoot=1.0)


def _alike(rng, count, alike, n):
    shared, limit = rng.standard_normal(n), stats.norm.ppf(RATE)
    own = (rng.standard_normal(n) for _ in range(count))
    return [
        (np.sqrt(alike) * shared + np.sqrt(1 - alike) * noise < limit).astype(float)
        for noise in own
    ]


def _coins(rng, rate):
    return (rng.random(N) < rate).astype(float)


def _beta(rng, mean, weight):
    return rng.beta(mean * weight, (1 - mean) * weight, N)
