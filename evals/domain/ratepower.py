"""How a rate is gated against a bar, and so what a number of figures can show about it."""

from dataclasses import dataclass

from scipy.special import betaincinv

from evals.domain.betpower import all_pass_bet_samples, bet_power, bet_samples, least_bet_passes
from evals.domain.power import (
    POWER,
    all_pass_samples,
    fixed_samples,
    least_passes,
    passing_power,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateGate:
    """A gate for "the rate is at least the bar".

    `is_exact` says that the figures are independent, all 0 or 1, and read once, which the exact
    binomial bound judges; all others are judged by a bet. The levels are those of GO and NO-GO.
    """

    bar: float
    go_alpha: float
    no_go_alpha: float
    is_exact: bool

    def all_pass(self) -> int | None:
        """Return the fewest figures that prove the bar if every one passes, None if none do."""
        if self.bar <= 0:
            return 1
        if self.bar >= 1:
            return None
        count = all_pass_samples if self.is_exact else all_pass_bet_samples
        return count(self.bar, alpha=self.go_alpha)

    def detectable(self, total: int) -> float | None:
        """Return the true rate from which on the bar is proved in 80 % of the cases."""
        count = least_passes if self.is_exact else least_bet_passes
        least = count(total, bar=self.bar, alpha=self.go_alpha) if total else None
        return None if least is None else float(betaincinv(max(least, 1), total - least + 1, POWER))

    def samples(self, rate: float) -> int | None:
        """Return how many figures prove the bar in 80 % of the cases at this true rate."""
        count = fixed_samples if self.is_exact else bet_samples
        return count(self.bar, rate, alpha=self.go_alpha)

    def go_chance(self, total: int, rate: float) -> float:
        """Return the chance that the bar is proved, read once."""
        return self._chance(total, self.bar, rate, self.go_alpha)

    def no_go_chance(self, total: int, rate: float) -> float:
        """Return the chance that the bar is disproved, read once."""
        return self._chance(total, 1 - self.bar, 1 - rate, self.no_go_alpha)

    def _chance(self, total: int, bar: float, rate: float, alpha: float) -> float:
        power = passing_power if self.is_exact else bet_power
        return power(total, bar=bar, rate=rate, alpha=alpha) if total else 0.0
