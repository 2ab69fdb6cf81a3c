"""What a criterion speaks of: a mean of unit figures in [0, 1], and the bar it is held against.

    score at_least / at_most t     the mean score against t
    score within m of incumbent    (d + 1) / 2 of the paired difference d against (1 - m) / 2
    latency at_most L              the share of trials within L seconds against .50, .95 or .99
    cost at_most c                 the cost of a trial as a share of a ceiling, c / 1,000 of it

Trials without a figure count against the claim and for its opposite. A model_error is never within
a latency, however fast its refusal came. Samples are independent of each other and trials of one
are not, so epochs are averaged; scores of a set with clusters are averaged over clusters, which
claims the average cluster. Latencies and costs do not hang on what is asked about.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from evals.domain.metrics import COST_PER_1K, LATENCY_QUANTILES
from evals.domain.sequential import Floats
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.trialtables import Flags, Layout, TrialTable
from evals.domain.units import Bounded, Units, cluster_units, sample_units

TASKS = 1000  # that a cost criterion prices
ROOM = 10  # times the limit, up to which a trial's cost is told apart
WIDEST_MARGIN = 1 - 1e-9  # a margin of 1 allows every difference


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as people read it, over the `n` trials that have one; None is unknown."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunGrounds:
    """What one run's criteria are judged on. `incumbent` is None where nothing is compared."""

    table: TrialTable
    layout: Layout
    incumbent: TrialTable | None = None


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


def subject_of(
    criterion: CriterionSpec, grounds: RunGrounds, *, upto: int, is_graded: bool
) -> Subject:
    """Return what a criterion speaks of, over the first `upto` places.

    Args:
        criterion: A line of the bar.
        grounds: Of the run.
        upto: All places for a fixed n; the complete prefix under a stop rule.
        is_graded: Whether the metric's scorer can give partial credit.

    Raises:
        ValueError: If the metric or the slice is unknown, a latency or a cost is to be "at least",
            or there is no incumbent to compare with.
    """
    if criterion.metric in LATENCY_QUANTILES:
        return _latency(criterion, grounds, upto)
    if criterion.metric == COST_PER_1K:
        return _cost(criterion, grounds, upto)
    if criterion.comparator is Comparator.WITHIN:
        return _difference(criterion, grounds, upto, is_graded=is_graded)
    return _score(criterion, grounds, upto, is_graded=is_graded)


def _score(criterion: CriterionSpec, grounds: RunGrounds, upto: int, *, is_graded: bool) -> Subject:
    scores, where = _scores(grounds.table, criterion.metric), _where(criterion, grounds)
    return Subject(
        criterion=criterion,
        units=_score_units(Bounded.of(scores), grounds, where, upto, is_graded=is_graded),
        bar=criterion.threshold,
        go_above=criterion.comparator is Comparator.AT_LEAST,
        shown=lambda places: _mean(scores, where, places),
        gaps=_gaps(scores, where, upto),
        missing=_missing(grounds.table, where, upto),
        noun=_noun(grounds),
    )


def _difference(
    criterion: CriterionSpec, grounds: RunGrounds, upto: int, *, is_graded: bool
) -> Subject:
    if grounds.incumbent is None:
        raise ValueError(f"{criterion.metric} within {criterion.threshold:g}: no incumbent")
    own = _scores(grounds.table, criterion.metric)
    other = _scores(grounds.incumbent, criterion.metric)
    where, differences = _where(criterion, grounds), own - other
    ours, theirs = Bounded.of(own), Bounded.of(other)
    figures = Bounded(
        (1 + ours.least - theirs.most) / 2,
        (1 + ours.most - theirs.least) / 2,
    )
    return Subject(
        criterion=criterion,
        units=_score_units(figures, grounds, where, upto, is_graded=is_graded),
        bar=(1 - min(criterion.threshold, WIDEST_MARGIN)) / 2,
        go_above=True,
        shown=lambda places: _mean(differences, where, places),
        floor=-1.0,
        is_paired=True,
        gaps=_gaps(differences, where, upto),
        missing=_missing(grounds.table, where, upto),
        words="paired difference from the incumbent: ",
        noun=_noun(grounds),
    )


def _latency(criterion: CriterionSpec, grounds: RunGrounds, upto: int) -> Subject:
    _check_at_most(criterion)
    table, where = grounds.table, _where(criterion, grounds)
    share, limit = LATENCY_QUANTILES[criterion.metric], criterion.threshold
    is_known = table.judged & ~np.isnan(table.seconds)
    is_fast = is_known & ~table.refused & (np.nan_to_num(table.seconds, nan=np.inf) <= limit)
    fast = np.where(is_known, is_fast.astype(np.float64), np.nan)
    seconds = np.where(is_known, table.seconds, np.nan)
    is_binary = table.epochs == 1
    figures = Bounded.of(fast).mean_epochs()
    return Subject(
        criterion=criterion,
        units=sample_units(figures, where=where, upto=upto, is_binary=is_binary),
        bar=share,
        go_above=True,
        shown=lambda places: _quantile(seconds, where, places, share),
        gaps=_gaps(fast, where, upto),
        missing=_missing(table, where, upto),
        words=f"share within {limit:g} s at least {share:g}: ",
        unknown="no latency is known",
    )


def _cost(criterion: CriterionSpec, grounds: RunGrounds, upto: int) -> Subject:
    _check_at_most(criterion)
    table, where = grounds.table, _where(criterion, grounds)
    usd = np.where(table.judged, table.usd, np.nan)
    limit = criterion.threshold / TASKS
    ceiling = _ceiling(_known(usd, where, upto), table.most_usd or ROOM * limit or 1.0)
    figures = Bounded.of(np.minimum(usd / ceiling, 1.0)).mean_epochs()
    return Subject(
        criterion=criterion,
        units=sample_units(figures, where=where, upto=upto, is_binary=False),
        bar=min(1.0, limit / ceiling),
        go_above=False,
        shown=lambda places: _mean(usd * TASKS, where, places),
        ceiling=ceiling * TASKS,
        gaps=_gaps(usd, where, upto),
        missing=_missing(table, where, upto),
        words="estimated costs: " if table.is_estimated else "",
        unknown="the price or the usage is unknown",
    )


def _score_units(
    figures: Bounded, grounds: RunGrounds, where: Flags, upto: int, *, is_graded: bool
) -> Units:
    means = figures.mean_epochs()
    if grounds.layout.clusters is not None:
        return cluster_units(means, layout=grounds.layout, where=where, upto=upto)
    is_binary = not is_graded and grounds.table.epochs == 1
    return sample_units(means, where=where, upto=upto, is_binary=is_binary)


def _scores(table: TrialTable, metric: str) -> Floats:
    if metric not in table.scores:
        raise ValueError(f"metric {metric!r}: found only {sorted(table.scores)}")
    return table.scores[metric]


def _where(criterion: CriterionSpec, grounds: RunGrounds) -> Flags:
    return grounds.layout.where(criterion.slice)


def _noun(grounds: RunGrounds) -> str:
    return "samples" if grounds.layout.clusters is None else "clusters"


def _known(figures: Floats, where: Flags, places: int) -> Floats:
    """Return the known figures of a slice's trials among the first so many places."""
    found = figures[:places][where[:places]].ravel()
    return found[~np.isnan(found)]


def _mean(figures: Floats, where: Flags, places: int) -> Shown:
    known = _known(figures, where, places)
    return Shown(float(known.mean()) if len(known) else None, len(known))


def _quantile(seconds: Floats, where: Flags, places: int, share: float) -> Shown:
    """Return the smallest latency that a share of the trials does not exceed."""
    known = np.sort(_known(seconds, where, places))
    if not len(known):
        return Shown(None, 0)
    rank = max(1, -(-round(share * 100) * len(known) // 100))
    return Shown(float(known[rank - 1]), len(known))


def _gaps(figures: Floats, where: Flags, upto: int) -> int:
    return int(np.isnan(figures[:upto][where[:upto]]).sum())


def _missing(table: TrialTable, where: Flags, upto: int) -> int:
    """Return how many of the slice's places have no trial at all."""
    return int((~table.stored[:upto][where[:upto]].any(axis=1)).sum())


def _ceiling(known: Floats, room: float) -> float:
    """Return a cost that no trial read has passed: `room`, doubled where needed.

    A bet that a cost is low needs a largest cost; that it is high needs none. Where the price and
    max_tokens do not say what it is, room is ROOM times the limit: a GO then assumes that no trial
    costs more, and holds for those that were drawn as long as no more than a fifth of the money
    goes into dearer ones (`make simulate`).
    """
    dearest = float(known.max()) if len(known) else 0.0
    return room * 2.0 ** max(0, ceil(log2(dearest / room))) if dearest > room else room


def _check_at_most(criterion: CriterionSpec) -> None:
    if criterion.comparator is not Comparator.AT_MOST:
        raise ValueError(f"{criterion.metric}: need at_most, got {criterion.comparator}")
