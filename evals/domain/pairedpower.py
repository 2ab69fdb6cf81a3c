"""How many samples a comparison with the incumbent takes, and what each margin costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from evals.domain.power import POWER, ROUNDING, normal_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCost:
    """How many paired samples a margin takes."""

    margin: float
    samples: int


def noninferiority_samples(
    margin: float,
    discordance: float,
    *,
    gap: float = 0.0,
    alpha: float = 0.05,
    power: float = POWER,
) -> int:
    """Return how many paired samples show that a candidate is not worse by the margin or more.

    Args:
        margin: By how much it may be worse, above 0.
        discordance: The rate of samples that one of the two gets right and the other does not.
        gap: The true difference, candidate minus incumbent; above -margin.
        alpha: One-sided.
        power: The chance of showing it.

    Raises:
        ValueError: If the gap is not above -margin, or larger than the discordance.

    Source: Nam (1997); (z_a + z_b)^2 (psi - gap^2) / (gap + margin)^2.
    """
    if gap + margin <= 0 or not abs(gap) <= discordance <= 1:
        raise ValueError(f"need gap > -margin and |gap| <= discordance <= 1, got {gap}, {margin}")
    z = normal_tail(alpha) + normal_tail(1 - power)
    return max(1, ceil(z**2 * (discordance - gap**2) / (gap + margin) ** 2 - ROUNDING))


def margin_costs(
    margins: Sequence[float], discordance: float, *, alpha: float = 0.05, power: float = POWER
) -> tuple[MarginCost, ...]:
    """Return what each margin costs in samples if the two are in truth equally good."""
    return tuple(
        MarginCost(
            margin=margin,
            samples=noninferiority_samples(margin, discordance, alpha=alpha, power=power),
        )
        for margin in margins
    )


def detectable_margin(
    total: int, discordance: float, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Return the smallest margin that so many paired samples can show between equals."""
    return (normal_tail(alpha) + normal_tail(1 - power)) * sqrt(discordance / total)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSpread:
    """What makes a paired difference uncertain.

    `between` is the variance over samples of the true difference; `noise` the variances of each
    candidate's score on one sample, and `epochs` how often each is asked.
    """

    between: float
    noise: tuple[float, float] = (0.0, 0.0)
    epochs: tuple[int, int] = (1, 1)

    @property
    def variance(self) -> float:
        """Of the mean difference, times the number of samples."""
        noise = zip(self.noise, self.epochs, strict=True)
        return self.between + sum(variance / epochs for variance, epochs in noise)


def paired_difference_samples(
    difference: float, spread: PairedSpread, *, alpha: float = 0.05, power: float = POWER
) -> int:
    """Return how many samples show a difference of this size, two-sided.

    Raises:
        ValueError: If the difference is 0.

    Source: Miller (2024), arXiv:2411.00640.
    """
    z = normal_tail(alpha / 2) + normal_tail(1 - power)
    if not difference:
        raise ValueError("need a difference other than 0")
    return max(1, ceil(z**2 * spread.variance / difference**2 - ROUNDING))
