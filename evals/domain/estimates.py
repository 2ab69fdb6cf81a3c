"""Every score of a run with its two-sided 95 % interval, over all samples and over slices.

What was judged counts here and nothing else: doubts are the criteria's (see `subjects`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from evals.domain.betting import Scores, bet_interval
from evals.domain.clustered import clustered_mean
from evals.domain.intervals import Interval, wilson_interval
from evals.domain.metrics import SHOWN_CONFIDENCE, Metric
from evals.domain.pairedscores import mean_difference_interval
from evals.domain.sequential import Floats, anytime_rate_interval
from evals.domain.subjects import RunGrounds
from evals.domain.units import Bounded, Units, cluster_units, sample_units

FEW = 30  # samples below which a slice says little
MOST_SLICES = 50  # of one column; more are no slices but names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimator:
    """Estimates over the first `upto` places.

    Under a stop rule the intervals hold whenever one looks: those of bets over independent units,
    and their closed form for trials that pass or fail. For a fixed n Wilson's is shown for these,
    and clustered t over samples asked several times or clusters; neither gates (see `subjects`).
    """

    grounds: RunGrounds
    upto: int
    stop_early: bool
    graded: frozenset[str]

    def scores(self) -> Iterator[Metric]:
        """Yield each score's mean over all samples, then over every slice."""
        for wanted in (None, *self._slices()):
            for name in self.grounds.table.scores:
                yield self.score(name, wanted)

    @property
    def are_dependent(self) -> bool:
        """Whether trials hang together: several of one sample, or samples of one cluster."""
        return self.grounds.table.epochs > 1 or self.grounds.layout.clusters is not None

    def known(self, figures: Floats, wanted: Mapping[str, str] | None) -> Floats:
        """Return the known figures of a slice's trials, in the order of asking."""
        where = self.grounds.layout.where(wanted)
        found = figures[: self.upto][where[: self.upto]].ravel()
        return found[~np.isnan(found)]

    def difference(
        self, metric: str, wanted: Mapping[str, str] | None = None
    ) -> tuple[Interval | None, str]:
        """Return the interval for the mean difference from the incumbent, and how it was made."""
        if self.grounds.incumbent is None:
            return None, "no incumbent"
        differences = self.grounds.table.scores[metric] - self.grounds.incumbent.scores[metric]
        if not (self.stop_early or self.are_dependent):
            known = self.known(differences, wanted)
            if interval := mean_difference_interval(known, seed=0):
                return interval, "95 % BCa bootstrap interval"
        interval, method = self._over_units((1 + differences) / 2, wanted)
        return interval and Interval(2 * interval.low - 1, 2 * interval.high - 1), method

    def _slices(self) -> Iterator[Mapping[str, str]]:
        for column, values in self.grounds.layout.slices.items():
            found = sorted({value for value in values if value is not None})
            if len(found) <= MOST_SLICES:
                yield from ({column: value} for value in found)

    def score(self, name: str, wanted: Mapping[str, str] | None) -> Metric:
        """Return a score's mean over a slice, over all samples where `wanted` is None."""
        scores = self.grounds.table.scores[name]
        known = self.known(scores, wanted)
        passed = None if name in self.graded else int((known == 1).sum())
        interval, method = self._interval(scores, wanted, passed=passed, n=len(known))
        return Metric(
            metric=name,
            slice=wanted,
            value=float(known.mean()) if len(known) else None,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            n=len(known),
            passed=passed,
            method=method,
        )

    def _interval(
        self, scores: Floats, wanted: Mapping[str, str] | None, *, passed: int | None, n: int
    ) -> tuple[Interval | None, str]:
        if not n:
            return None, "nothing was judged"
        if passed is not None and not self.are_dependent:
            if self.stop_early:
                return anytime_rate_interval(passed, n), "95 % anytime-valid interval"
            return wilson_interval(passed, n), "95 % Wilson score interval"
        return self._over_units(scores, wanted)

    def _over_units(
        self, figures: Floats, wanted: Mapping[str, str] | None
    ) -> tuple[Interval | None, str]:
        """Return the interval for a mean of figures in [0, 1], over what is independent."""
        units = self._units(figures, wanted)
        noun = "samples" if self.grounds.layout.clusters is None else "clusters"
        if not self.stop_early and self.are_dependent:
            found = clustered_mean(*self.members(figures, wanted))
            if found is not None and (interval := found.interval(SHOWN_CONFIDENCE)):
                shown = Interval(max(0.0, interval.low), min(1.0, interval.high))
                return shown, f"95 % clustered t interval over {found.clusters:,} {noun}"
        kind = "95 % anytime-valid" if self.stop_early else "95 %"
        return _bet(units), f"{kind} betting interval over {units.count:,} {noun}"

    def members(
        self, figures: Floats, wanted: Mapping[str, str] | None
    ) -> tuple[list[float], list[int]]:
        """Return the known figures, and the sample or cluster that each belongs to."""
        where = self.grounds.layout.where(wanted)[: self.upto, np.newaxis]
        clusters = self.grounds.layout.clusters
        names = np.arange(self.upto) if clusters is None else clusters[: self.upto]
        shown = figures[: self.upto]
        is_known = where & ~np.isnan(shown)
        owners = np.broadcast_to(names[:, np.newaxis], shown.shape)
        return shown[is_known].tolist(), owners[is_known].tolist()

    def _units(self, figures: Floats, wanted: Mapping[str, str] | None) -> Units:
        """Return the units of what has a figure; a sample's epochs without one say nothing."""
        is_known = ~np.isnan(figures)
        count = is_known.sum(axis=1)
        means = np.nan_to_num(figures).sum(axis=1) / np.maximum(count, 1)
        where = self.grounds.layout.where(wanted) & (count > 0)
        bounded = Bounded(means, means)
        if self.grounds.layout.clusters is None:
            return sample_units(bounded, where=where, upto=self.upto, is_binary=False)
        return cluster_units(bounded, layout=self.grounds.layout, where=where, upto=self.upto)


def _bet(units: Units) -> Interval | None:
    if not units.count:
        return None
    return bet_interval(Scores.of(units.least), confidence=SHOWN_CONFIDENCE)
