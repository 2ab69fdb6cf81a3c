"""Several runs on the same samples: which samples tell them apart, and the worst losses first."""

from collections.abc import Sequence
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
        scores = np.vstack([self.baseline[np.newaxis], self.others])
        is_known = ~np.isnan(scores)
        masks: dict[Show, Flags] = {
            Show.ALL: self.stored,
            Show.LOST: any_along(self.others < self.baseline, axis=0),
            Show.FAILURES: any_along(is_known & (scores < 1), axis=0),
            Show.PASSES: (scores == 1).all(axis=0),
            Show.ERRORS: self.failed,
            Show.DIFFERENT: _differs(scores, is_known),
        }
        return masks[show] & self.stored

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


def _differs(scores: Floats, is_known: Flags) -> Flags:
    low = np.where(is_known, scores, np.inf).min(axis=0)
    high = np.where(is_known, scores, -np.inf).max(axis=0)
    found: Flags = (is_known.sum(axis=0) > 1) & (low < high)
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
    order: Whole = positions[np.lexsort((positions, keys[positions]))]
    first, stop = 0, most
    if around.position is not None and around.position < len(keys):
        edge = _places_up_to(keys, order, around.position)
        is_there = bool(found[around.position])
        if around.is_before:
            stop = edge - is_there
            first = max(0, stop - most)
        else:
            first, stop = edge, edge + most
    shown: Sequence[int] = order[first:stop].tolist()
    return GridPage(
        positions=tuple(shown), has_previous=first > 0, has_next=first + len(shown) < len(order)
    )


def _places_up_to(keys: Floats, order: Whole, position: int) -> int:
    """Return how many of the order come up to a position, itself included."""
    key = keys[position]
    is_up_to = (keys[order] < key) | ((keys[order] == key) & (order <= position))
    return int(is_up_to.sum())


def sample_means(scores: Floats) -> Floats:
    """Return each sample's mean over the epochs that have a score, nan where none has."""
    is_known = ~np.isnan(scores)
    count = is_known.sum(axis=1)
    total = np.where(is_known, scores, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
