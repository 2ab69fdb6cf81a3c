"""Two models in a row: the first answers, the second where a confidence lies below a threshold.

Nothing is asked: what both said about the same samples is replayed. Every item pays the first
model, an escalated one the second too, in dollars and in time. None is unknown, never 0.

Source: house methods, section 4.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

import numpy as np

from evals.domain.sequential import Floats
from evals.domain.trialtables import Flags, Whole

Dollars = tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedItems:
    """What two models did on the same items, one entry for each.

    `first` and `second` are scores in [0, 1], `confidence` is what is known of the first answer
    before the second: more is surer. Dollars are None where any of them is unknown, seconds are nan
    where one is. `clusters` numbers the cluster of each item, None where items are independent.

    Raises:
        ValueError: If the lengths differ, or there is no item at all.
    """

    first: Floats
    second: Floats
    confidence: Floats
    first_seconds: Floats
    second_seconds: Floats
    first_usd: Dollars | None = None
    second_usd: Dollars | None = None
    clusters: Whole | None = None

    def __post_init__(self) -> None:
        columns = (
            self.second,
            self.confidence,
            self.first_seconds,
            self.second_seconds,
            self.first_usd,
            self.second_usd,
            self.clusters,
        )
        lengths = {len(column) for column in columns if column is not None} | {len(self.first)}
        if len(lengths) > 1 or not len(self.first):
            raise ValueError(f"need columns of one length, at least 1; found {sorted(lengths)}")

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.first)

    def where(self, chosen: Flags) -> "PairedItems":
        """Return the chosen items alone."""
        return PairedItems(
            first=self.first[chosen],
            second=self.second[chosen],
            confidence=self.confidence[chosen],
            first_seconds=self.first_seconds[chosen],
            second_seconds=self.second_seconds[chosen],
            first_usd=_dollars(self.first_usd, chosen),
            second_usd=_dollars(self.second_usd, chosen),
            clusters=None if self.clusters is None else self.clusters[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """A router that knows beforehand which model is right: the second only where it does better.

    `usd` is what one item costs, each model being paid only where it answers.
    """

    escalation: float
    quality: float
    usd: Decimal | None


def ceiling(items: PairedItems) -> float:
    """Return the quality of taking the better answer to every item: no cascade does better."""
    return float(np.maximum(items.first, items.second).mean())


def oracle(items: PairedItems) -> Oracle:
    """Return the router that takes the second model exactly where it does better."""
    is_second = items.second > items.first
    return Oracle(
        escalation=float(is_second.mean()), quality=ceiling(items), usd=_routed(items, is_second)
    )


def recovered_gap(quality: float, *, first: float, second: float) -> float | None:
    """Return the share of the gap between two models that is closed, None where there is none.

    PGR = (q - q_first) / (q_second - q_first); it may pass 1, since the first model may be right
    where the second is wrong.
    """
    return (quality - first) / (second - first) if second > first else None


def saving_limit(items: PairedItems) -> float | None:
    """Return the escalation rate from which on the cascade costs more than the second model alone.

    1 - c_first / c_second, negative where the first model is the dearer one; None if unknown.
    """
    first, second = mean_usd(items.first_usd), mean_usd(items.second_usd)
    return float(1 - first / second) if first is not None and second else None


def mean_usd(dollars: Dollars | None) -> Decimal | None:
    """Return what one item costs on average, None if unknown."""
    return None if dollars is None else sum(dollars, Decimal(0)) / len(dollars)


def quantile_95(seconds: Floats) -> float | None:
    """Return the smallest latency that 95 % of the items keep to, in seconds.

    An unknown one counts as longer than all others; None where the quantile would be one of them.
    """
    known = np.where(np.isnan(seconds), np.inf, seconds)
    rank = max(1, -(-95 * len(known) // 100))
    found = float(np.partition(known, rank - 1)[rank - 1])
    return found if isfinite(found) else None


def _routed(items: PairedItems, is_second: Flags) -> Decimal | None:
    if items.first_usd is None or items.second_usd is None:
        return None
    pairs = zip(items.first_usd, items.second_usd, is_second, strict=True)
    paid = sum((second if better else first for first, second, better in pairs), Decimal(0))
    return paid / items.n


def _dollars(dollars: Dollars | None, chosen: Flags) -> Dollars | None:
    if dollars is None:
        return None
    return tuple(usd for usd, is_chosen in zip(dollars, chosen, strict=True) if is_chosen)
