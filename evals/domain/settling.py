"""Where a stop rule settles a criterion: the first sample at which the evidence suffices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp
from typing import Protocol

import numpy as np

from evals.domain.sequential import Floats

FIRST_BLOCK = 256
LARGEST_BLOCK = 16_384


class Path(Protocol):
    """Evidence that grows with the samples: a `RatePath` or a `BetPath`."""

    def extend(self, scores: Floats, *, floor: float = ...) -> Floats:
        """Return the log evidence after each of these samples, which follow those before.

        Where it does not exceed `floor`, `floor` may stand instead.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How large the log of the evidence must be to say "above" and to say "below" the bar.

    Whatever it says, the first `silent` samples alone settle nothing.
    """

    above: float
    below: float
    silent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a stop rule read in the complete prefix of a run.

    `n` samples were read: those up to and with the one that settled it, else all there are.
    `is_above` is None while unsettled. The peaks are the largest log evidence so far, 0 before the
    first sample: what p-values are made of.
    """

    n: int
    is_above: bool | None
    peak_above: float
    peak_below: float

    @property
    def p_above(self) -> float:
        """The p-value of "the mean is at most the bar", valid at any stopping time."""
        return exp(-self.peak_above)

    @property
    def p_below(self) -> float:
        """The p-value of "the mean is at least the bar", valid at any stopping time."""
        return exp(-self.peak_below)


def read_prefix(
    least: Sequence[float] | Floats,
    most: Sequence[float] | Floats,
    *,
    bar: float,
    path: Callable[[float], Path],
    thresholds: Thresholds,
) -> Reading:
    """Return where the complete prefix settles "above the bar" or "below the bar", if it does.

    Args:
        least: Scores in the shuffled order, 0 where a sample was asked and not scored.
        most: The same with 1 where a sample was asked and not scored.
        bar: In [0, 1].
        path: `RatePath` for scores of 0 and 1, `BetPath` for others and for means of clusters.
        thresholds: From `multiplicity.stop_thresholds`.

    Raises:
        ValueError: If there are not as many of the one as of the other.

    Source: Ville (1939): evidence may be read after every sample.
    """
    low, high = np.asarray(least, dtype=np.float64), np.asarray(most, dtype=np.float64)
    if len(low) != len(high):
        raise ValueError(f"need one score per sample, got {len(low)} and {len(high)}")
    ups, downs = path(bar), path(1 - bar)
    peak_up = peak_down = 0.0
    start, size = 0, FIRST_BLOCK
    while start < len(low):
        block = slice(start, start + size)
        up, down = (
            ups.extend(low[block], floor=peak_up),
            downs.extend(1 - high[block], floor=peak_down),
        )
        mute = slice(max(0, thresholds.silent - start))
        up[mute] = down[mute] = 0.0
        settled = (up >= thresholds.above) | (down >= thresholds.below)
        count = int(settled.argmax()) + 1 if settled.any() else len(up)
        peak_up = max(peak_up, float(up[:count].max()))
        peak_down = max(peak_down, float(down[:count].max()))
        start += count
        if settled.any():
            is_above = bool(up[count - 1] >= thresholds.above)
            return Reading(n=start, is_above=is_above, peak_above=peak_up, peak_below=peak_down)
        size = min(2 * size, LARGEST_BLOCK)
    return Reading(n=start, is_above=None, peak_above=peak_up, peak_below=peak_down)
