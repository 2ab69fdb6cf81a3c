"""Several criteria, several candidates: what a p-value is still worth.

A candidate is GO only if all its required criteria are met, so its p-value is the largest of
theirs and needs no correction (Berger 1982, intersection-union). Of k candidates any one could
pass by luck, so the GO claims of one evaluation share alpha by Holm's rule; under a stop rule each
must reach k times the evidence. A NO-GO is not corrected: the costly error is a wrong GO.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import log

from evals.domain.settling import Thresholds
from evals.domain.specs import Comparator


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's adjusted p-values: claims at most alpha err anywhere in at most alpha.

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    order = _ranked(p_values)
    steps = ((len(order) - rank) * p_values[place] for rank, place in enumerate(order))
    return _placed(order, [min(1.0, p) for p in accumulate(steps, max)])


def holm_levels(p_values: Sequence[float], *, alpha: float) -> tuple[float, ...]:
    """Return the level at which each claim is judged: it holds iff its p-value is at most that.

    The same claims hold as with `holm`; the level makes the bound that a page shows agree.
    """
    order, adjusted = _ranked(p_values), holm(p_values)
    held = sum(p <= alpha for p in adjusted)
    levels = [alpha / (len(order) - min(rank, held)) for rank in range(len(order))]
    return _placed(order, levels)


def candidate_p(criteria: Sequence[tuple[float, float]], *, alpha: float) -> float:
    """Return the p-value of "some required criterion is not met", 1 where none is required.

    Args:
        criteria: For each required criterion its p-value and its own alpha.
        alpha: The plan's. A criterion with a smaller alpha counts as so many times harder.
    """
    scaled = [min(1.0, p * alpha / own) for p, own in criteria]
    return max(scaled, default=1.0)


def stop_thresholds(comparator: Comparator, *, alpha: float, candidates: int) -> Thresholds:
    """Return the log evidence that settles: log(k/alpha) for GO, log(1/alpha) for NO-GO.

    Args:
        comparator: GO is below the bar for `at_most`, above it for the others.
        alpha: The criterion's.
        candidates: Those other than the incumbent, at least 1.

    Raises:
        ValueError: If alpha is not in (0, 1) or there is no candidate.
    """
    if not 0 < alpha < 1 or candidates < 1:
        raise ValueError(f"need 0 < alpha < 1 and a candidate, got {alpha}, {candidates}")
    go, no_go = log(candidates / alpha), log(1 / alpha)
    if comparator is Comparator.AT_MOST:
        return Thresholds(above=no_go, below=go)
    return Thresholds(above=go, below=no_go)


def _ranked(p_values: Sequence[float]) -> list[int]:
    """Return the places of the p-values, smallest first."""
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"need p-values in [0, 1], got {list(p_values)}")
    return sorted(range(len(p_values)), key=p_values.__getitem__)


def _placed(order: Sequence[int], adjusted: Sequence[float]) -> tuple[float, ...]:
    return tuple(p for _, p in sorted(zip(order, adjusted, strict=True)))
