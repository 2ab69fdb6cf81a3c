"""False GO and false NO-GO of every rule where the truth is exactly at the bar."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from evals.domain.multiplicity import holm
from evals.domain.pvalues import rate_p_above
from evals.domain.sequential import log_evidence_above
from tests.simulate import rules, worlds
from tests.simulate.rules import ALPHA, Calls

MARGIN = 0.05
LONGEST = 600
CAP = 8.0
TOO_MANY = 3.5  # standard errors of the simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """How often one rule called runs that are exactly at the bar."""

    rule: str
    world: str
    gates: bool
    runs: int
    go: float
    no_go: float
    mean_n: float
    go_only: bool = False

    @property
    def worst(self) -> float:
        """The share that must not exceed alpha; a NO-GO of several candidates is not corrected."""
        return self.go if self.go_only else max(self.go, self.no_go)

    @property
    def excess(self) -> float:
        """By how many standard errors it exceeds alpha."""
        return (self.worst - ALPHA) / self.noise

    @property
    def errs(self) -> bool:
        """Whether a rule that gates errs by more than chance can explain."""
        return self.gates and self.excess > TOO_MANY

    @property
    def noise(self) -> float:
        """One standard error of a share of alpha over so many runs."""
        return sqrt(ALPHA * (1 - ALPHA) / self.runs)


def row(rule, world, calls: Calls, *, gates=True, go_only=False):
    return ErrorRow(
        rule=rule,
        world=world,
        gates=gates,
        runs=len(calls.go),
        go=float(calls.go.mean()),
        no_go=float(calls.no_go.mean()),
        mean_n=float(calls.n.mean()),
        go_only=go_only,
    )


def error_rows(rng, runs) -> Iterator[ErrorRow]:
    """Every gate, and the rules that are only shown or broken, for comparison."""
    for part in (rates, paired, clusters, graded, several, costs, broken):
        yield from part(rng, runs)


def rates(rng, runs):
    for bar in (0.5, 0.85, 0.95):
        for n in (100, 400):
            scores = worlds.coins(rng, runs=5 * runs, n=n, rate=bar)
            yield row(
                "fixed n: Clopper-Pearson",
                f"rate, bar {bar}, n = {n}",
                rules.fixed_rate(scores, bar=bar),
            )
        scores = worlds.coins(rng, runs=5 * runs, n=1000, rate=bar)
        yield row(
            "stop rule: closed form",
            f"rate, bar {bar}, n <= 1000",
            rules.stop_rate(scores, bar=bar),
        )


def paired(rng, runs):
    for discordance in (0.0501, 0.15, 0.4):
        world = f"paired 0/1, margin {MARGIN}, {discordance:.0%} discordant"
        drawn = {"discordance": discordance, "gap": -MARGIN}
        for n in (50, 200):
            scores = worlds.pairs(rng, runs=2 * runs, n=n, **drawn)
            yield row(
                "fixed n: exact, Tango's order",
                f"{world}, n = {n}",
                rules.fixed_paired(scores, margin=MARGIN),
            )
            yield row(
                "fixed n: Tango",
                f"{world}, n = {n}",
                rules.tango_paired(scores, margin=MARGIN),
                gates=False,
            )
        scores = worlds.pairs(rng, runs=runs, n=LONGEST, **drawn)
        yield row(
            "stop rule: bet",
            f"{world}, n <= {LONGEST}",
            rules.stop_bet(scores, bar=(1 - MARGIN) / 2),
        )


def clusters(rng, runs):
    bar = 0.85
    for count in (10, 40, 100):
        for correlation in (0.0, 0.2, 0.6):
            passes = worlds.cluster_passes(
                rng, runs=runs, count=count, rate=bar, correlation=correlation, size=8
            )
            means, world = passes / 8, f"{count} clusters of 8, correlation {correlation}"
            yield row("fixed n: bet on cluster means", world, rules.fixed_bet(means, bar=bar))
            yield row("clustered t", world, rules.clustered_t(means, bar=bar), gates=False)
    sizes = 1 + rng.integers(0, 20, 100)
    drawn = {"runs": runs, "count": 100, "rate": bar, "correlation": 0.3}
    means = worlds.cluster_passes(rng, size=sizes, **drawn) / sizes
    world = "100 clusters of 1 to 20, correlation 0.3"
    yield row("fixed n: bet on cluster means", world, rules.fixed_bet(means, bar=bar))
    yield row("stop rule: bet on cluster means", world, rules.stop_bet(means, bar=bar))
    for correlation in (0.2, 0.6):
        passes = worlds.cluster_passes(
            rng, runs=runs, count=300, rate=bar, correlation=correlation, size=5
        )
        world = f"samples asked 5 times, correlation {correlation}, <= 300"
        yield row("stop rule: bet on sample means", world, rules.stop_bet(passes / 5, bar=bar))
        flat = np.repeat(passes, 5, axis=1) >= np.tile(np.arange(1, 6), 300)
        yield row(
            "stop rule that takes epochs for samples",
            world,
            rules.stop_rate(flat.astype(float), bar=bar),
            gates=False,
        )


def graded(rng, runs):
    for weight in (0.5, 8.0):
        scores = worlds.graded(rng, runs=runs, n=400, mean=0.7, weight=weight)
        world = f"graded, spread {scores.std():.2f}, bar 0.7"
        yield row("fixed n: bet", f"{world}, n = 100", rules.fixed_bet(scores[:, :100], bar=0.7))
        yield row("stop rule: bet", f"{world}, n <= 400", rules.stop_bet(scores, bar=0.7))
    losses = worlds.rare_losses(rng, runs=runs, n=50, loss=MARGIN)
    world = f"graded pairs with rare losses, margin {MARGIN}, n = 50"
    yield row("fixed n: bet", world, rules.fixed_bet((losses + 1) / 2, bar=(1 - MARGIN) / 2))
    yield row("paired t or permutation", world, rules.clustered_t(losses, bar=-MARGIN), gates=False)


def several(rng, runs):
    """Any false GO among four candidates, all at the bar."""
    bar, n = 0.85, 600
    for correlation in (0.0, 0.7):
        four = worlds.rivals(rng, runs=runs, n=n, rate=bar, count=4, correlation=correlation)
        world = f"any of 4 candidates, correlation {correlation}, n <= {n}"
        fixed = np.array([_exact_p(scores, bar) for scores in four])
        yield row("fixed n: Clopper-Pearson, Holm", world, _any_go(_held(fixed), n))
        yield row("stop rule: 4/alpha, Holm", world, _stopped_then_holm(four, bar))
        loose = np.array([rules.stop_rate(scores, bar=bar).go for scores in four])
        yield row("stop rule uncorrected", world, _any_go(loose, n), gates=False)


def costs(rng, runs):
    for n in (50, 400):
        spent = rng.lognormal(-0.5 * 0.8**2, 0.8, (5 * runs, n))
        test = stats.ttest_1samp(spent, 1.0, axis=1)
        is_clear = test.pvalue / 2 <= ALPHA
        low, high = is_clear & (test.statistic < 0), is_clear & (test.statistic > 0)
        calls = Calls(low, high, np.full(5 * runs, n))
        yield row("t for costs", f"lognormal costs, n = {n}", calls, gates=False)
        shares, mean = np.minimum(spent[:runs], CAP) / CAP, _capped_mean(0.8) / CAP
        world = f"lognormal costs, at most {CAP:g}, n = {n}"
        yield row("fixed n: bet on capped costs", world, rules.fixed_bet(shares, bar=mean))


def broken(rng, runs):
    bar = 0.85
    scores = worlds.coins(rng, runs=2 * runs, n=500, rate=bar)
    yield row(
        "Clopper-Pearson after every sample",
        "rate, n <= 500",
        rules.peeking_rate(scores, bar=bar),
        gates=False,
    )
    yield row(
        "stop rule, then Clopper-Pearson",
        "rate, n <= 500",
        rules.stop_then_fixed(scores, bar=bar),
        gates=False,
    )
    yield row(
        "fixed n, extended 5 times",
        "rate, n <= 500",
        rules.extended_fixed(scores, bar=bar),
        gates=False,
    )
    yield from arrivals(rng, runs)


def arrivals(rng, runs, *, bar=0.85, n=300):
    """Wrong answers take three times as long, and 64 are asked at once."""
    scores = worlds.coins(rng, runs=runs, n=n, rate=bar)
    orders = worlds.arrival_orders(rng, scores, slots=64, slowness=3.0)
    arrived = np.take_along_axis(scores, orders, axis=1)
    world = f"rate, wrong answers come late, n <= {n}"
    yield row("stop rule: complete prefix", world, rules.stop_rate(scores, bar=bar))
    yield row(
        "stop rule on whatever has arrived", world, rules.stop_rate(arrived, bar=bar), gates=False
    )


def _capped_mean(sd):
    """The mean of a lognormal cost with mean 1 that is cut at the cap."""
    middle, end = -0.5 * sd**2, np.log(CAP)
    below = stats.norm.cdf((end - middle - sd**2) / sd)
    return below + CAP * stats.norm.sf((end - middle) / sd)


def _exact_p(scores, bar):
    n = scores.shape[1]
    by_count = np.array([rate_p_above(k, n, bar=bar) for k in range(n + 1)])
    return by_count[scores.sum(axis=1).astype(int)]


def _stopped_then_holm(four, bar):
    """A run stops at 4/alpha; what is left open is judged by Holm on its largest evidence."""
    p = []
    for scores in four:
        evidence = log_evidence_above(
            np.cumsum(scores, axis=1), np.arange(1, scores.shape[1] + 1), bar=bar
        )
        p.append(np.exp(-np.maximum(evidence.max(axis=1), 0)))
    return _any_go(_held(np.array(p)), four[0].shape[1])


def _held(p):
    return np.array([[adjusted <= ALPHA for adjusted in holm(list(run))] for run in p.T]).T


def _any_go(go, n):
    runs = go.shape[1]
    return Calls(go.any(axis=0), np.zeros(runs, dtype=bool), np.full(runs, n))
