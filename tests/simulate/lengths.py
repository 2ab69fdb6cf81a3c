"""How many samples the stop rule takes, beside Wald's floor and a fixed n of equal power."""

from collections.abc import Iterator
from dataclasses import dataclass

from evals.domain.outlook import outlook
from evals.domain.power import fixed_samples, wald_samples
from tests.simulate import rules, worlds

CASES = ((0.85, 0.95), (0.80, 0.90), (0.85, 0.90))
LONGEST = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthRow:
    """The stop rule at one true rate: computed from every path, and simulated."""

    bar: float
    rate: float
    candidates: int
    wald: float
    fixed: int | None
    mean: float
    simulated: float
    go: float

    @property
    def ratio(self) -> float:
        """Mean samples over Wald's floor."""
        return self.mean / self.wald


def length_rows(rng, runs) -> Iterator[LengthRow]:
    """The mean of min(n at the first call, 3000) at the true rate, for one and four candidates."""
    for bar, rate in CASES:
        scores = worlds.coins(rng, runs=runs, n=LONGEST, rate=rate)
        for candidates in (1, 4):
            calls = rules.stop_rate(scores, bar=bar, candidates=candidates)
            exact = outlook(
                rate, bar=bar, thresholds=rules.thresholds(candidates), most_samples=LONGEST
            )
            yield LengthRow(
                bar=bar,
                rate=rate,
                candidates=candidates,
                wald=wald_samples(bar, rate),
                fixed=fixed_samples(bar, rate, power=0.95),
                mean=exact.mean_samples,
                simulated=float(calls.n.mean()),
                go=exact.above,
            )
