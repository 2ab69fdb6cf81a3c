"""A cascade at every threshold: how much is escalated, and what that gives and costs."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

import numpy as np

from evals.domain.cascades import PairedItems, quantile_95, recovered_gap
from evals.domain.sequential import Floats
from evals.domain.trialtables import Whole

MOST_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadePoint:
    """What the cascade does at one threshold: it escalates where the confidence lies below it.

    `threshold` None escalates everything. `usd` is the cost of one item. `recovered` is the share
    of the gap between the two models that is closed, None where the second is no better.
    `random_quality` is what escalating as many items at random gives on average: the floor.
    """

    threshold: float | None
    escalated: int
    escalation: float
    quality: float
    random_quality: float
    recovered: float | None
    usd: Decimal | None
    p95_seconds: float | None


@dataclass(frozen=True, eq=False)
class Curve:
    """The cascade at every threshold that makes a difference, from none escalated to all."""

    items: PairedItems
    thresholds: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", np.unique(self.items.confidence))

    @cached_property
    def escalated(self) -> Whole:
        """How many items each threshold escalates; the last entry escalates all."""
        below = np.searchsorted(self._sorted, self.thresholds, side="left")
        return np.append(below, self.items.n).astype(np.int64)

    @cached_property
    def qualities(self) -> Floats:
        """The mean score at each threshold, the last one with all escalated."""
        gains = (self.items.second - self.items.first)[self._order]
        gained = np.concatenate(([0.0], np.cumsum(gains)))
        return np.asarray((self.items.first.sum() + gained[self.escalated]) / self.items.n)

    def points(self, *, most: int = MOST_POINTS) -> tuple[CascadePoint, ...]:
        """Return the cascade at up to so many thresholds, the ends among them, evenly thinned."""
        count = len(self.escalated)
        shown = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
        return tuple(self._point(int(place)) for place in shown)

    def at(self, threshold: float | None) -> CascadePoint:
        """Return the cascade at any threshold; None escalates everything."""
        if threshold is None:
            return self.escalating(self.items.n, threshold=None)
        below = int(np.searchsorted(self._sorted, threshold, side="left"))
        return self.escalating(below, threshold=threshold)

    def escalating(self, count: int, *, threshold: float | None) -> CascadePoint:
        """Return the cascade that escalates the `count` least sure items."""
        items, chosen = self.items, self._order[:count]
        second, first = float(items.second.mean()), float(items.first.mean())
        is_escalated = np.zeros(items.n, dtype=np.bool_)
        is_escalated[chosen] = True
        quality = float(np.where(is_escalated, items.second, items.first).mean())
        share = count / items.n
        return CascadePoint(
            threshold=threshold,
            escalated=count,
            escalation=share,
            quality=quality,
            random_quality=(1 - share) * first + share * second,
            recovered=recovered_gap(quality, first=first, second=second),
            usd=self._usd(count),
            p95_seconds=quantile_95(
                items.first_seconds + np.where(is_escalated, items.second_seconds, 0.0)
            ),
        )

    def _point(self, place: int) -> CascadePoint:
        is_last = place == len(self.thresholds)
        threshold = None if is_last else float(self.thresholds[place])
        return self.escalating(int(self.escalated[place]), threshold=threshold)

    def _usd(self, count: int) -> Decimal | None:
        items = self.items
        if items.first_usd is None or (self._paid is None and count):
            return None
        second = self._paid[count] if self._paid is not None else Decimal(0)
        return (sum(items.first_usd, Decimal(0)) + second) / items.n

    @cached_property
    def _order(self) -> Whole:
        return np.argsort(self.items.confidence, kind="stable").astype(np.int64)

    @cached_property
    def _sorted(self) -> Floats:
        return self.items.confidence[self._order]

    @cached_property
    def _paid(self) -> list[Decimal] | None:
        """What the second model is paid together for the least sure 0, 1, 2, ... items."""
        dollars = self.items.second_usd
        if dollars is None:
            return None
        return list(accumulate((dollars[place] for place in self._order), initial=Decimal(0)))
