"""How many more samples to ask about: enough to settle, in a number that people say."""

from dataclasses import replace
from math import ceil, log10

from evals.domain.specs import PlanSpec

TWO_DIGITS = 100


def rounded_up(samples: int) -> int:
    """Return a number with two digits that count, not below `samples`."""
    if samples < TWO_DIGITS:
        return samples
    step = 10 ** (int(log10(samples)) - 1)
    return int(ceil(samples / step) * step)


def suggested(needed: int | None, *, left: int) -> int:
    """Return how many to ask about: what is needed, all that are left where that is unknown."""
    return left if needed is None else min(rounded_up(needed), left)


def in_whole_set(needed: int, *, found: int, read: int) -> int:
    """Return how many samples of the order hold `needed` of a slice that has `found` of `read`."""
    return needed if found >= read else ceil(needed * read / max(1, found))


def longer(plan: PlanSpec, *, read: int, more: int, size: int) -> PlanSpec:
    """Return the plan that goes on after `read` samples of the order with so many more.

    It asks about no fewer than it did, and about no more than the `size` samples of the set.
    """
    most = size - plan.skip_samples
    before = most if plan.max_samples is None else min(plan.max_samples, most)
    wanted = min(most, max(read + more, before))
    return replace(plan, max_samples=wanted)


def elsewhere(plan: PlanSpec, *, used: int, samples: int) -> PlanSpec:
    """Return the plan that asks about so many samples after those that were used."""
    return replace(plan, max_samples=samples, skip_samples=used)
