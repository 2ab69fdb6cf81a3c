"""Several runs on the same samples: which samples tell them apart, and the worst losses first."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from evals.domain.sequential import Floats
from evals.domain.trialtables import Flags, Whole


class Show(StrEnum):
    """Which samples a grid shows."""

    ALL = "all"
    LOST = "lost"
    FAILURES = "failures"
    PASSES = "passes"
    ERRORS = "errors"
    DIFFERENT = "different"


class Sort(StrEnum):
    """What comes first in a grid."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """Scores of the same samples: `baseline` and one row of `others` for each other run.

    One figure for each sample, nan where it has no score. `stored` says which samples anybody was
    asked about, `failed` those that somebody gave no scored answer to.
    """

    baseline: Floats
    others: Floats
    stored: Flags
    failed: Flags

    def mask(self, show: Show) -> Flags:
        """Return the samples of a choice."""
        return self._found(show) & self.stored

    def _found(self, show: Show) -> Flags:
        scores = np.vstack([self.baseline[np.newaxis], self.others])
        match show:
            case Show.ALL:
                return self.stored
            case Show.LOST:
                return any_along(self.others < self.baseline, axis=0)
            case Show.FAILURES:
                return any_along(scores < 1, axis=0)
            case Show.PASSES:
                return ~any_along(scores != 1, axis=0)
            case Show.ERRORS:
                return self.failed
            case Show.DIFFERENT:
                # Both leave out nan, and are nan only where all are.
                differs: Flags = np.fmin.reduce(scores, axis=0) < np.fmax.reduce(scores, axis=0)
                return differs

    def keys(self, sort: Sort) -> Floats:
        """Return what samples are sorted by, least first; the position decides between equals."""
        gaps = self.others - self.baseline
        if sort is Sort.ROW:
            return np.zeros(len(self.baseline))
        signed = gaps if sort is Sort.REGRESSION else -gaps
        least: Floats = np.where(np.isnan(signed), np.inf, signed).min(axis=0, initial=np.inf)
        return least


def any_along(flags: Flags, *, axis: int) -> Flags:
    """Return whether any is set along an axis."""
    found: Flags = np.logical_or.reduce(flags, axis=axis)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPage:
    """The positions of one page in order, and whether there are others around it."""

    positions: tuple[int, ...]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A page's edge: it begins after a position, or ends before it. None begins at the first."""

    position: int | None = None
    is_before: bool = False


def grid_page(keys: Floats, found: Flags, around: Around, *, most: int) -> GridPage:
    """Return a page of the found samples, sorted by key and position.

    Args:
        keys: One for each position.
        found: Which positions there are to show.
        around: The edge; a position beyond the set counts as none.
        most: Samples on a page.
    """
    positions = np.flatnonzero(found)
    edge = around.position
    if edge is None or edge >= len(keys):
        return GridPage(
            positions=_least(keys, positions, most),
            has_previous=False,
            has_next=len(positions) > most,
        )
    is_later = (keys[positions] > keys[edge]) | (
        (keys[positions] == keys[edge]) & (positions > edge)
    )
    if around.is_before:
        earlier = positions[~is_later & (positions != edge)]
        return GridPage(
            positions=_least(-keys, earlier[::-1], most)[::-1],
            has_previous=len(earlier) > most,
            has_next=len(positions) > len(earlier),
        )
    later = positions[is_later]
    return GridPage(
        positions=_least(keys, later, most),
        has_previous=len(positions) > len(later),
        has_next=len(later) > most,
    )


def _least(keys: Floats, positions: Whole, most: int) -> tuple[int, ...]:
    """Return the positions of the least keys, in their order; the earlier of equals first.

    Sorts no more than a page: a set may have a million samples.
    """
    own = keys[positions]
    if len(positions) > most:
        last = np.partition(own, most - 1)[most - 1]
        less = np.flatnonzero(own < last)
        equal = np.flatnonzero(own == last)[: most - len(less)]
        chosen = np.concatenate([less, equal])
        positions, own = positions[chosen], own[chosen]
    shown: list[int] = positions[np.argsort(own, kind="stable")].tolist()
    return tuple(shown)


def sample_means(scores: Floats) -> Floats:
    """Return each sample's mean over the epochs that have a score, nan where none has."""
    if scores.shape[1] == 1:
        return scores[:, 0]
    is_known = ~np.isnan(scores)
    count = is_known.sum(axis=1)
    total = np.where(is_known, scores, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
