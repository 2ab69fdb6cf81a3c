"""Trials in the order they were asked, and the pages of them by keyset."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.domain.trialtables import Flags, Whole
from evals.queries.runarrays import RunArrays
from evals.queries.trialfilters import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One page: its (place, epoch) pairs in order, and whether there are others around it."""

    pairs: tuple[tuple[int, int], ...]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ordered:
    """Trials in the order they were asked, each as the number place x epochs + epoch."""

    keys: Whole
    epochs: int

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.keys)

    def page(self, cursor: Cursor | None, *, most: int) -> Window:
        """Return the trials of one page."""
        first = 0
        if cursor is not None:
            number = cursor.place * self.epochs + cursor.epoch
            # An "after" begins beyond its trial, the others at it.
            first = int(np.searchsorted(self.keys, number + (cursor.side == "after")))
            if cursor.side == "before":
                return self._window(max(0, first - most), first)
        return self._window(first, min(first + most, self.total))

    def beside(self, place: int, epoch: int) -> tuple[tuple[int, int] | None, ...]:
        """Return the trials before and after one, which need not be among them."""
        number = place * self.epochs + epoch
        before = int(np.searchsorted(self.keys, number, side="left")) - 1
        after = int(np.searchsorted(self.keys, number, side="right"))
        return self._at(before), self._at(after)

    def all_places(self) -> Sequence[int]:
        """Return every place once, in order."""
        found: list[int] = np.unique(self.keys // self.epochs).tolist()
        return found

    def _window(self, first: int, stop: int) -> Window:
        pairs = tuple(divmod(int(key), self.epochs) for key in self.keys[first:stop])
        return Window(pairs=pairs, has_previous=first > 0, has_next=stop < self.total)

    def _at(self, index: int) -> tuple[int, int] | None:
        if not 0 <= index < self.total:
            return None
        place, epoch = divmod(int(self.keys[index]), self.epochs)
        return place, epoch


def in_order(arrays: RunArrays, found: Flags) -> Ordered:
    """Return the trials of a mask in the order they were asked."""
    rows, epochs = np.nonzero(found[arrays.order])
    return Ordered(
        keys=arrays.places[arrays.order[rows]] * arrays.epochs + epochs, epochs=arrays.epochs
    )
