"""What an evaluation can show about a rate: a score against its bar, a latency against its limit.

Of a criterion `at_most` the rate of what is not so is judged: at most .10 wrong is at least .90
right. A latency quantile is judged as the share of trials within its limit.
"""

from dataclasses import dataclass

from evals.domain.measured import SPEED_QUANTILES
from evals.domain.multiplicity import stop_thresholds
from evals.domain.outlook import outlook
from evals.domain.planrows import RowGroup
from evals.domain.planterms import PlanTerms
from evals.domain.power import wald_samples
from evals.domain.ratepower import RateGate
from evals.domain.specs import Comparator, CriterionSpec

STEPS = (0.05, 0.10)  # assumed distances of the truth from the bar, as far as there is room
FAST = (0.5, 0.9)  # of the slow trials that a latency criterion allows, so many are not slow
MOST_CUT_SHORT = 0.05  # runs that end with the set: beyond it Wald's floor is no comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRate:
    """How a criterion will probably end if `rate` is the truth.

    `samples` are those that prove the bar in 80 % of the cases when read once, None where none
    do. Under a stop rule `mean_samples` are read on average, and `floor` is Wald's, the least that
    any rule of the same risks needs; both count independent figures and are None otherwise.
    """

    rate: float
    samples: int | None
    go: float
    no_go: float
    mean_samples: float | None = None
    floor: float | None = None

    @property
    def undecided(self) -> float:
        """The chance that the set ends first."""
        return max(0.0, 1 - self.go - self.no_go)

    @property
    def ratio(self) -> float | None:
        """Return how many times Wald's floor is read, None where sets often end first."""
        if self.mean_samples is None or self.floor is None or self.undecided > MOST_CUT_SHORT:
            return None
        return self.mean_samples / self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class RateResolution:
    """What so many rows can show about a rate.

    `n` is how many figures do not hang on each other. `share` is the bar as a share: the
    criterion's threshold, or a latency's quantile. `detectable` is the true rate from which on GO
    has a chance of 80 %, None where nothing can be GO; `all_pass` the fewest figures that are
    enough if all are good. `expected` is the rate that the plan's expected figures rest on.
    """

    criterion: CriterionSpec
    group: RowGroup
    n: int
    share: float
    all_pass: int | None
    detectable: float | None
    assumed: tuple[AssumedRate, ...]
    expected: AssumedRate

    @property
    def gap(self) -> float | None:
        """The smallest gap to the bar that can be told, in the direction that is good."""
        return None if self.detectable is None else abs(self.detectable - self.share)


def rate_resolution(criterion: CriterionSpec, group: RowGroup, terms: PlanTerms) -> RateResolution:
    """Return what the rows of a group can show about a criterion on a rate."""
    share = SPEED_QUANTILES.get(criterion.metric, criterion.threshold)
    # Latencies do not hang on what is asked about: clusters are nothing to them.
    n = group.samples if criterion.metric in SPEED_QUANTILES else group.independent
    judged = _Judged(criterion, share, n, terms)
    found = judged.gate.detectable(n)
    assumed = {rate: judged.assumed(rate) for rate in judged.rates()}
    return RateResolution(
        criterion=criterion,
        group=group,
        n=n,
        share=share,
        all_pass=judged.gate.all_pass(),
        detectable=None if found is None else judged.good(found),
        assumed=tuple(assumed[rate] for rate in sorted(assumed)),
        expected=assumed[judged.expected_rate()],
    )


class _Judged:
    """One criterion on a rate with its gate, in which more is always better."""

    def __init__(
        self, criterion: CriterionSpec, share: float, total: int, terms: PlanTerms
    ) -> None:
        self._is_latency = criterion.metric in SPEED_QUANTILES
        self._is_mirrored = criterion.comparator is Comparator.AT_MOST and not self._is_latency
        self._total, self._terms = total, terms
        self.gate = RateGate(
            bar=self.good(share),
            go_alpha=terms.go_alpha(criterion),
            no_go_alpha=terms.no_go_alpha(criterion),
            is_exact=terms.is_exact(criterion),
        )
        self._thresholds = stop_thresholds(
            Comparator.AT_LEAST, alpha=self.gate.no_go_alpha, candidates=terms.challengers
        )

    def good(self, rate: float) -> float:
        """Return a rate of what is wanted as one of what is good, and back."""
        return 1 - rate if self._is_mirrored else rate

    def rates(self) -> tuple[float, ...]:
        """Return the true rates to assume, as the criterion counts them."""
        if self._terms.assumed and not self._is_latency:
            return self._terms.assumed
        bar = self.gate.bar
        below = bar - min(STEPS[0], bar / 3)
        return tuple(round(self.good(rate), 3) for rate in (below, *self._hoped()))

    def expected_rate(self) -> float:
        """Return the rate that the plan's expected figures rest on: the first that is good."""
        rates = self.rates()
        above = [rate for rate in rates if self.good(rate) > self.gate.bar]
        return above[-1 if self._is_latency else 0] if above else rates[0]

    def assumed(self, rate: float) -> AssumedRate:
        """Return how the criterion will probably end at a true rate."""
        good, gate, total = self.good(rate), self.gate, self._total
        samples = gate.samples(good)
        if not self._terms.stop_early or not total:
            go, no_go = gate.go_chance(total, good), gate.no_go_chance(total, good)
            return AssumedRate(rate=rate, samples=samples, go=go, no_go=no_go)
        ahead = outlook(good, bar=gate.bar, thresholds=self._thresholds, most_samples=total)
        return AssumedRate(
            rate=rate,
            samples=samples,
            go=ahead.above,
            no_go=ahead.below,
            mean_samples=ahead.mean_samples,
            floor=self._floor(good),
        )

    def _hoped(self) -> tuple[float, ...]:
        bar, room = self.gate.bar, 1 - self.gate.bar
        if self._is_latency:
            return tuple(bar + share * room for share in FAST)
        return tuple(bar + min(step, part * room / 3) for part, step in enumerate(STEPS, start=1))

    def _floor(self, good: float) -> float | None:
        bar, gate = self.gate.bar, self.gate
        if good in (0, 1, bar) or bar in (0, 1):
            return None
        alpha = gate.go_alpha if good > bar else gate.no_go_alpha
        return wald_samples(bar, good, alpha=alpha, beta=alpha)
