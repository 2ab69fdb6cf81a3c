"""What a claim about units is made of, and the figures of a slice's trials."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evals.domain.accepting import Acceptance
from evals.domain.sequential import Floats
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.trialtables import Flags, Layout, TrialTable
from evals.domain.units import Bounded, Units, cluster_units, sample_units


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as people read it, over the `n` trials that have one; None is unknown."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunGrounds:
    """What one run's criteria are judged on.

    `incumbent` is None where nothing is compared, `acceptance` where no line asks for it.
    """

    table: TrialTable
    layout: Layout
    incumbent: TrialTable | None = None
    acceptance: Acceptance | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """One criterion as a claim about units.

    `bar` lies in [0, 1]; 0 and 1 of a unit stand for `floor` and `ceiling`. GO lies above the bar
    where `go_above`. `shown` gives the figure over the first so many places. `gaps` counts trials
    without a figure, `missing` places that were never asked at all. `words` begin the method,
    `unknown` stands for it where nothing has a figure.
    """

    criterion: CriterionSpec
    units: Units
    bar: float
    go_above: bool
    shown: Callable[[int], Shown]
    floor: float = 0.0
    ceiling: float = 1.0
    is_paired: bool = False
    gaps: int = 0
    missing: int = 0
    words: str = ""
    unknown: str = "nothing was judged"
    noun: str = "samples"

    @property
    def silent(self) -> int:
        """How many units come before the first trial with a figure: they alone settle nothing."""
        ends = self.units.ends

        def has_figure(unit: int) -> bool:
            return self.shown(int(ends[unit])).n > 0

        if len(ends) == 0 or has_figure(0):
            return 0
        return bisect_left(range(len(ends)), 1, key=lambda unit: int(has_figure(unit)))

    def real(self, share: float) -> float:
        """Return a share of the scale as the figure that it stands for."""
        return self.floor + share * (self.ceiling - self.floor)


def score_units(
    figures: Bounded, grounds: RunGrounds, where: Flags, upto: int, *, is_graded: bool
) -> Units:
    """Return the units of a score: clusters where the set has some, else samples."""
    means = figures.mean_epochs()
    if grounds.layout.clusters is not None:
        return cluster_units(means, layout=grounds.layout, where=where, upto=upto)
    is_binary = not is_graded and grounds.table.epochs == 1
    return sample_units(means, where=where, upto=upto, is_binary=is_binary)


def scores_of(table: TrialTable, metric: str) -> Floats:
    """Return the scores of a metric.

    Raises:
        ValueError: If nothing is scored by it.
    """
    if metric not in table.scores:
        raise ValueError(f"metric {metric!r}: found only {sorted(table.scores)}")
    return table.scores[metric]


def where_of(criterion: CriterionSpec, grounds: RunGrounds) -> Flags:
    """Return which places a criterion is about."""
    return grounds.layout.where(criterion.slice)


def noun_of(grounds: RunGrounds) -> str:
    """Return what its units are called."""
    return "samples" if grounds.layout.clusters is None else "clusters"


def known_in(figures: Floats, where: Flags, places: int) -> Floats:
    """Return the known figures of a slice's trials among the first so many places."""
    found = figures[:places][where[:places]].ravel()
    return found[~np.isnan(found)]


def mean_of(figures: Floats, where: Flags, places: int) -> Shown:
    """Return the mean of what is known among the first so many places."""
    known = known_in(figures, where, places)
    return Shown(float(known.mean()) if len(known) else None, len(known))


def gaps_in(figures: Floats, where: Flags, upto: int) -> int:
    """Return how many of the slice's trials have no figure."""
    return int(np.isnan(figures[:upto][where[:upto]]).sum())


def missing_in(table: TrialTable, where: Flags, upto: int) -> int:
    """Return how many of the slice's places have no trial at all."""
    return int((~table.stored[:upto][where[:upto]].any(axis=1)).sum())


def check_at_most(criterion: CriterionSpec) -> None:
    """Refuse anything but at_most.

    Raises:
        ValueError: With what was found.
    """
    if criterion.comparator is not Comparator.AT_MOST:
        raise ValueError(f"{criterion.metric}: need at_most, got {criterion.comparator}")
