"""How often each two-sided 95 % interval holds the truth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from scipy import stats

from evals.domain.clustered import clustered_mean
from evals.domain.estimates import Estimator
from evals.domain.intervals import (
    Interval,
    bounded_mean_interval,
    clopper_pearson_lower,
    clopper_pearson_upper,
    quantile_interval,
    wilson_interval,
)
from evals.domain.metrics import CostFacts, Counts, RunFacts, summarise_cost
from evals.domain.paired import PairedTable
from evals.domain.pairedexact import exact_lower, exact_upper
from evals.domain.pairedscores import mean_difference_interval
from evals.domain.sequential import log_evidence_above, log_evidence_below
from tests.known import known
from tests.simulate import products, rules, worlds

TAIL = 0.025
TOO_MANY = 3.5  # standard errors of the simulation
LIMIT = -np.log(TAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """The share of runs whose interval holds the truth; `is_guaranteed` says that it must."""

    interval: str
    world: str
    is_guaranteed: bool
    runs: int
    share: float

    @property
    def is_short(self) -> bool:
        """Whether it is guaranteed and holds the truth more seldom than chance can explain."""
        noise = sqrt(0.95 * 0.05 / self.runs)
        return self.is_guaranteed and self.share < 0.95 - TOO_MANY * noise


def coverage_rows(rng, runs) -> Iterator[CoverageRow]:
    for part in (rates, anytime, pairs, clusters, quantiles, differences, shown, costs):
        yield from part(rng, runs)


def row(interval, world, holds, *, guaranteed):
    return CoverageRow(
        interval=interval,
        world=world,
        is_guaranteed=guaranteed,
        runs=len(holds),
        share=float(np.mean(holds)),
    )


def rates(rng, runs):
    for n, rate in ((20, 0.85), (100, 0.85), (400, 0.95), (100, 0.5)):
        passed = rng.binomial(n, rate, 10 * runs)
        world = f"rate {rate}, n = {n}"
        for name, make, guaranteed in (
            ("Wilson (shown)", wilson_interval, False),
            ("Clopper-Pearson", _clopper_pearson, True),
            ("Chernoff-Hoeffding", _hoeffding, True),
        ):
            held = np.array([_holds(make(k, n), rate) for k in range(n + 1)])
            yield row(name, world, held[passed], guaranteed=guaranteed)


def anytime(rng, runs):
    """The truth must stay inside after every sample, the strictest way to stop."""
    for rate in (0.5, 0.85, 0.95):
        passed = np.cumsum(worlds.coins(rng, runs=runs, n=1000, rate=rate), axis=1)
        n = np.arange(1, 1001)
        out = log_evidence_above(passed, n, bar=rate) >= LIMIT
        out |= log_evidence_below(passed, n, bar=rate) >= LIMIT
        yield row("anytime, rate", f"rate {rate}, all n <= 1000", ~out.any(axis=1), guaranteed=True)
    for weight in (0.5, 8.0):
        scores = worlds.graded(rng, runs=runs, n=300, mean=0.7, weight=weight)
        out = (rules.bet_path(scores, 0.7) >= LIMIT) | (rules.bet_path(1 - scores, 0.3) >= LIMIT)
        world = f"graded, spread {scores.std():.2f}, all n <= 300"
        yield row("anytime, bet", world, ~out.any(axis=1), guaranteed=True)


def pairs(rng, runs):
    for n, discordance in ((50, 0.1), (200, 0.1), (200, 0.4)):
        scores = worlds.pairs(rng, runs=runs, n=n, discordance=discordance, gap=-0.05)
        won, lost = (scores == 1).sum(axis=1), (scores == 0).sum(axis=1)
        world = f"difference -0.05, {discordance:.0%} discordant, n = {n}"
        counts = [(int(b), int(c)) for b, c in zip(won, lost, strict=True)]
        tango = [_tango_holds(b, c, n) for b, c in counts]
        yield row("Tango (shown)", world, tango, guaranteed=False)
        exact = [_exact_holds(b, c, n) for b, c in counts[: runs // 4]]
        yield row("exact, Tango's order", world, exact, guaranteed=True)


def clusters(rng, runs):
    for count in (10, 40, 100):
        drawn = {"runs": runs // 4, "count": count, "rate": 0.85, "correlation": 0.3}
        passes = worlds.cluster_passes(rng, size=8, **drawn)
        held = [_cluster_holds(run, size=8, truth=0.85) for run in passes]
        yield row("clustered t (shown)", f"{count} clusters of 8", held, guaranteed=False)


def quantiles(rng, runs):
    for n in (100, 400):
        ranks = quantile_interval(n, 0.95)
        seconds = np.sort(rng.lognormal(size=(runs, n)), axis=1)
        truth = stats.lognorm(1).ppf(0.95)
        held = seconds[:, known(ranks.low) - 1] <= truth
        held &= truth <= seconds[:, known(ranks.high) - 1]
        yield row("order statistics", f"p95 of latencies, n = {n}", held, guaranteed=True)


def differences(rng, runs):
    for n in (30, 200):
        drawn = worlds.graded(rng, runs=max(60, runs // 20), n=n, mean=0.4, weight=3.0) - 0.5
        held = [_bootstrap_holds(run) for run in drawn]
        yield row("BCa bootstrap (shown)", f"graded differences, n = {n}", held, guaranteed=False)


def shown(rng, runs):
    """What pages show beside a score, as `Estimator` has it, of runs that ended at a fixed n."""
    for world, is_graded, draw in products.worlds(rng):
        if not world.startswith(("rate 0.85", "graded, ", "5 epochs", "40 clusters")):
            continue
        for stop_early in (False, True):
            graded = products.F1 if is_graded else frozenset()
            held, method = zip(
                *(_shown(draw(), graded, stop_early) for _ in range(max(20, runs // 8))),
                strict=True,
            )
            name = re.sub(r"^95 % | over .*", "", method[0])
            # Clustered t speaks of the average trial, as the value beside it does, and the bet of
            # the average cluster, as the claim does: they part where large clusters are worse.
            is_valid = "betting" in name or "anytime" in name
            yield row(f"{name} (shown)", world, held, guaranteed=is_valid)


def costs(rng, runs):
    for sigma in (0.5, 1.0):
        for n in (50, 400):
            usd = rng.lognormal(-(sigma**2) / 2, sigma, (runs, n))
            held = [_t_holds(each, 1.0) for each in usd]
            yield row("t for costs (shown)", f"lognormal {sigma}, n = {n}", held, guaranteed=False)


def _shown(drawn, graded, stop_early):
    line, own = drawn
    estimator = Estimator(grounds=own, upto=own.table.places, stop_early=stop_early, graded=graded)
    metric = next(estimator.scores())
    return known(metric.low) <= line.threshold <= known(metric.high), metric.method


def _t_holds(usd, truth):
    facts = CostFacts(known=True, n=len(usd), mean=usd.mean(), sd=usd.std(ddof=1))
    metric = summarise_cost(RunFacts(counts=Counts(ok=len(usd)), planned=len(usd), cost=facts))
    return known(metric.low) <= 1000 * truth <= known(metric.high)


def _clopper_pearson(k, n):
    return Interval(
        clopper_pearson_lower(k, n, alpha=TAIL), clopper_pearson_upper(k, n, alpha=TAIL)
    )


def _hoeffding(k, n):
    return bounded_mean_interval(k / n, n)


def _holds(interval, truth):
    return interval is not None and interval.low <= truth <= interval.high


def _table(won, lost, n):
    return PairedTable(both=n - won - lost, only_candidate=won, only_incumbent=lost, neither=0)


@cache
def _tango_holds(won, lost, n):
    return _holds(_table(won, lost, n).interval(), -0.05)


@cache
def _exact_holds(won, lost, n):
    table = _table(won, lost, n)
    return exact_lower(table, TAIL) <= -0.05 <= exact_upper(table, TAIL)


def _cluster_holds(passes, *, size, truth):
    scores = [float(place < k) for k in passes for place in range(size)]
    found = clustered_mean(scores, [cluster for cluster in range(len(passes)) for _ in range(size)])
    return _holds(known(found).interval(), truth)


def _bootstrap_holds(drawn):
    return _holds(mean_difference_interval(drawn, seed=1), -0.1)
