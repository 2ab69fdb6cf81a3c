"""A cascade's threshold is chosen on one half of the items and reported on the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.domain.cascadecurves import CascadePoint, Curve
from evals.domain.cascades import Dollars, PairedItems
from evals.domain.clustered import clustered_mean
from evals.domain.intervals import Interval, wilson_interval
from evals.domain.order import shuffled_order
from evals.domain.pairedscores import mean_difference_interval
from evals.domain.sequential import Floats
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.trialtables import Flags

DEFAULT_MARGIN = 0.02  # below the second model, where the bar says nothing of the metric
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The quality that a threshold has to reach, and why that one."""

    quality: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The threshold that was chosen, what it does on the half it was chosen on, and by which rule.

    `is_reached` says whether any threshold reached the target there.
    """

    point: CascadePoint
    target: Target
    is_reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its two-sided 95 % interval, None where it is unknown."""

    value: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A cascade on items that had no part in the choice.

    `against_first`, `against_second` and `against_random` are paired differences in quality, the
    last from escalating as many items at random. `usd` is the cost of an item, None if unknown.
    """

    n: int
    point: CascadePoint
    quality: Estimate
    first: float
    second: float
    against_first: Estimate
    against_second: Estimate
    against_random: Estimate
    usd: Estimate | None


def quality_target(
    bar: Sequence[CriterionSpec], metric: str, *, first: float, second: float
) -> Target:
    """Return what a cascade has to reach: all that the bar asks of the metric over all samples.

    A margin is taken below the second model. Where the bar asks nothing, or the first model alone
    reaches all of it, the target is DEFAULT_MARGIN below the second.
    """
    targets = [
        _line_target(line, second)
        for line in bar
        if line.metric == metric
        and line.required
        and not line.slice
        and line.comparator is not Comparator.AT_MOST
    ]
    hardest = max(targets, key=lambda target: target.quality, default=None)
    if hardest is not None and first < hardest.quality - ROUNDING:
        return hardest
    why = ", since the first alone reaches what the bar asks" if targets else ""
    words = f"at most {DEFAULT_MARGIN:g} below the second model{why}"
    return Target(quality=second - DEFAULT_MARGIN, words=words)


def choosing_half(size: int, *, seed: int, clusters: Sequence[int] | None = None) -> Flags:
    """Return which of `size` places choose the threshold; the others report.

    It hangs on the places and the seed alone, so every replay of an evaluation has the same halves.
    A cluster lies in one of them as a whole.
    """
    names = list(range(size)) if clusters is None else list(clusters)
    groups = list(dict.fromkeys(names))
    chosen = {groups[place] for place in shuffled_order(len(groups), seed=seed)[::2]}
    return np.array([name in chosen for name in names], dtype=np.bool_)


def choose(curve: Curve, target: Target) -> Choice:
    """Return the cheapest threshold that reaches the target, else the best one, the cheapest such.

    The fewer are escalated the less it costs, whatever the prices are.
    """
    qualities = curve.qualities
    best = float(qualities.max())
    is_reached = best >= target.quality - ROUNDING
    place = int(np.argmax(qualities >= min(best, target.quality) - ROUNDING))
    is_last = place == len(curve.thresholds)
    threshold = None if is_last else float(curve.thresholds[place])
    return Choice(point=curve.at(threshold), target=target, is_reached=is_reached)


def report(items: PairedItems, threshold: float | None, *, seed: int) -> Reported:
    """Return what the threshold does on these items, each figure with its interval.

    Differences are resampled in pairs, so that what both get right or wrong does not count as
    chance.
    """
    point = Curve(items).at(threshold)
    is_escalated = _escalated(items, threshold)
    scores = np.where(is_escalated, items.second, items.first)
    at_random = items.first + point.escalation * (items.second - items.first)
    return Reported(
        n=items.n,
        point=point,
        quality=_estimate(scores, items, seed=seed, is_rate=True),
        first=float(items.first.mean()),
        second=float(items.second.mean()),
        against_first=_estimate(scores - items.first, items, seed=seed),
        against_second=_estimate(scores - items.second, items, seed=seed),
        against_random=_estimate(scores - at_random, items, seed=seed),
        usd=_usd(items, is_escalated, seed=seed),
    )


def _line_target(line: CriterionSpec, second: float) -> Target:
    if line.is_paired:
        words = f"at most {line.threshold:g} below the second model, as the bar asks"
        return Target(quality=second - line.threshold, words=words)
    return Target(quality=line.threshold, words=f"at least {line.threshold:g}, as the bar asks")


def _escalated(items: PairedItems, threshold: float | None) -> Flags:
    if threshold is None:
        return np.ones(items.n, dtype=np.bool_)
    return np.asarray(items.confidence < threshold)


def _estimate(values: Floats, items: PairedItems, *, seed: int, is_rate: bool = False) -> Estimate:
    """Return the mean with Wilson's, the clustered t or the bootstrap's interval, as it allows."""
    mean = float(values.mean())
    if items.clusters is not None:
        found = clustered_mean(values.tolist(), items.clusters.tolist())
        return Estimate(value=mean, interval=found.interval() if found else None)
    if is_rate and np.isin(values, (0.0, 1.0)).all():
        return Estimate(value=mean, interval=wilson_interval(int(values.sum()), len(values)))
    return Estimate(value=mean, interval=mean_difference_interval(values, seed=seed))


def _usd(items: PairedItems, is_escalated: Flags, *, seed: int) -> Estimate | None:
    first, second = _floats(items.first_usd), _floats(items.second_usd)
    if first is None or (second is None and is_escalated.any()):
        return None
    paid = first if second is None else first + np.where(is_escalated, second, 0.0)
    return _estimate(paid, items, seed=seed)


def _floats(dollars: Dollars | None) -> Floats | None:
    return None if dollars is None else np.array([float(usd) for usd in dollars])
