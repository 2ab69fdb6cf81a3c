"""What a number of samples can tell, and how many a question takes: asked before they are paid."""

from functools import lru_cache
from math import ceil, log, sqrt
from statistics import NormalDist

from scipy.special import bdtrc, betaincinv

from evals.domain.intervals import clopper_pearson_lower, wilson_interval

POWER = 0.8  # the usual chance of seeing what is there
MOST_SAMPLES = 1_000_000
ROUNDING = 1e-9


def wald_samples(bar: float, rate: float, *, alpha: float = 0.05, beta: float = 0.05) -> float:
    """Return Wald's mean samples at `rate`, the floor of every test of the bar against that rate.

    Of all tests that err in at most alpha of the cases at the bar and beta at the rate, none takes
    fewer on average; the steps past the two limits are left out.

    Raises:
        ValueError: If bar and rate are equal or not inside 0..1.

    Source: Wald (1945); Wald and Wolfowitz (1948).
    """
    if bar == rate or not (0 < bar < 1 and 0 < rate < 1):
        raise ValueError(f"need two different rates inside 0..1, got {bar} and {rate}")
    gain, loss = log((1 - beta) / alpha), log(beta / (1 - alpha))
    information = rate * log(rate / bar) + (1 - rate) * log((1 - rate) / (1 - bar))
    return ((1 - beta) * gain + beta * loss) / information


def all_pass_samples(bar: float, *, alpha: float = 0.05) -> int:
    """Return the fewest samples that prove a rate of at least the bar if every one passes."""
    if not (0 < bar < 1 and 0 < alpha < 1):
        raise ValueError(f"need a bar and an alpha inside 0..1, got {bar}, {alpha}")
    return ceil(log(alpha) / log(bar) - ROUNDING)


@lru_cache(maxsize=256)
def fixed_samples(
    bar: float, rate: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return the fewest samples, read once, that prove the bar with this power at this rate.

    None above a million, and where the rate does not exceed the bar.

    Source: Clopper and Pearson (1934), the exact one-sided binomial test.
    """
    if not 0 <= bar < rate <= 1:
        return None
    spread = normal_tail(alpha) * sqrt(bar * (1 - bar)) + normal_tail(1 - power) * sqrt(
        rate * (1 - rate)
    )
    start = max(1, int(0.7 * (spread / (rate - bar)) ** 2) - 20)
    for total in range(start, MOST_SAMPLES):
        if passing_power(total, bar=bar, rate=rate, alpha=alpha) >= power:
            return total
    return None


def passing_power(total: int, *, bar: float, rate: float, alpha: float = 0.05) -> float:
    """Return the chance that so many samples, read once, prove the bar at this true rate."""
    least = least_passes(total, bar=bar, alpha=alpha)
    if least is None:
        return 0.0
    return float(bdtrc(least - 1, total, rate)) if least else 1.0


def least_passes(total: int, *, bar: float, alpha: float = 0.05) -> int | None:
    """Return how many of `total` must pass to prove the bar, None if all are not enough."""
    low, high = 0, total + 1
    while low < high:
        middle = (low + high) // 2
        if clopper_pearson_lower(middle, total, alpha=alpha) >= bar:
            high = middle
        else:
            low = middle + 1
    return low if low <= total else None


def detectable_rate(
    total: int, *, bar: float, alpha: float = 0.05, power: float = POWER
) -> float | None:
    """Return the true rate from which on so many samples prove the bar with this power.

    Its distance to the bar is the smallest detectable gap. None where not even all passing would.

    Source: Clopper and Pearson (1934), the exact one-sided binomial test.
    """
    least = least_passes(total, bar=bar, alpha=alpha)
    return None if least is None else float(betaincinv(max(least, 1), total - least + 1, power))


def tellable_gap(total: int, *, rate: float) -> float:
    """Return half the width of the 95 % Wilson interval if `rate` of so many samples pass."""
    interval = wilson_interval(round(rate * total), total)
    return (interval.high - interval.low) / 2


def resolution_sentence(total: int, *, rate: float, noun: str = "row") -> str:
    """Return "With 180 rows you can tell ±6 points" and its like, without a full stop."""
    points = 100 * tellable_gap(total, rate=rate)
    shown = f"{points:.0f}" if points >= 1 else f"{points:.1g}"
    rows = f"1 {noun}" if total == 1 else f"{total:,} {noun}s"
    return f"With {rows} you can tell ±{shown} point{'' if shown == '1' else 's'}"


def power_warning(
    total: int, *, bar: float, alpha: float = 0.05, power: float = POWER
) -> str | None:
    """Return what is wrong with so few samples for this bar in one sentence, None if nothing is.

    Five points above the bar, or half the way to 1, should be provable with the usual power.
    """
    hoped = bar + min(0.05, (1 - bar) / 2)
    found = detectable_rate(total, bar=bar, alpha=alpha, power=power)
    if found is not None and found <= hoped:
        return None
    if found is None:
        needed = f"{all_pass_samples(bar, alpha=alpha):,} rows, all passing, is the least"
        return f"{total:,} rows can never prove {bar:g}: {needed}"
    return (
        f"{total:,} rows are few for {bar:g}: only a candidate whose true rate is {found:.3f} "
        f"or more would pass in {100 * power:.0f} % of the cases"
    )


def normal_tail(tail: float) -> float:
    """Return the z that a standard normal figure exceeds with this chance."""
    return NormalDist().inv_cdf(1 - tail)
