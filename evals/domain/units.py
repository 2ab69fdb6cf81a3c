"""What a claim rests on: one figure for each independent unit, in the order of asking.

A unit is a sample (its epochs averaged), or a cluster of samples. Each has its figure twice: with
what is unscored counted against the claim, and counted for it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evals.domain.betting import Scores
from evals.domain.sequential import Floats
from evals.domain.trialtables import Flags, Layout, Whole


class Bounded(NamedTuple):
    """Figures in [0, 1], with what is unknown as 0 and as 1."""

    least: Floats
    most: Floats

    @classmethod
    def of(cls, figures: Floats) -> "Bounded":
        """Return the figures with every nan as 0 and as 1."""
        return cls(np.nan_to_num(figures, nan=0.0), np.where(np.isnan(figures), 1.0, figures))

    def mean_epochs(self) -> "Bounded":
        """Return the mean of each place's epochs."""
        return Bounded(self.least.mean(axis=1), self.most.mean(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """Figures in [0, 1] in the order in which the units were complete.

    `ends` says of each how many places of the order it takes to have it whole. `is_binary`: each
    is one trial that scored 0 or 1. `size` is how many samples a unit has on average.
    """

    least: Floats
    most: Floats
    ends: Whole
    is_binary: bool
    size: float = 1.0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.least)

    def first(self, count: int) -> "Units":
        """Return the first so many."""
        return Units(
            least=self.least[:count],
            most=self.most[:count],
            ends=self.ends[:count],
            is_binary=self.is_binary,
            size=self.size,
        )

    def scores(self) -> tuple[Scores, Scores]:
        """Return least and most as scores to bet on."""
        return Scores.of(self.least), Scores.of(self.most)


def sample_units(figures: Bounded, *, where: Flags, upto: int, is_binary: bool) -> Units:
    """Return a unit for each of the first `upto` places that lie in a slice.

    Args:
        figures: One for each place.
        where: Which places lie in the slice.
        upto: Places to read.
        is_binary: Whether each figure is that of one trial that scores 0 or 1.
    """
    places = np.flatnonzero(where[:upto])
    return Units(
        least=figures.least[places],
        most=figures.most[places],
        ends=places + 1,
        is_binary=is_binary,
    )


def cluster_units(figures: Bounded, *, layout: Layout, where: Flags, upto: int) -> Units:
    """Return a unit for each cluster of the slice that lies wholly in the first `upto` places.

    Its figure is the mean of its samples', so a claim is about the average cluster.

    Raises:
        ValueError: If the set has no clusters.
    """
    if layout.clusters is None:
        raise ValueError("need the clusters of the samples")
    places = np.flatnonzero(where)
    _, members = np.unique(layout.clusters[places], return_inverse=True)
    sizes = np.bincount(members)
    last = np.zeros(len(sizes), dtype=np.int64)
    np.maximum.at(last, members, places)
    order = np.argsort(last)
    order = order[last[order] < upto]
    least = np.bincount(members, weights=figures.least[places]) / sizes
    most = np.bincount(members, weights=figures.most[places]) / sizes
    return Units(
        least=np.clip(least[order], 0, 1),
        most=np.clip(most[order], 0, 1),
        ends=last[order] + 1,
        is_binary=False,
        size=float(len(places) / max(1, len(sizes))),
    )
