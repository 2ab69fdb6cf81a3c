"""Intervals as drawn: every one of a page on the same scale, so that they can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.queries.figures import interval, rate

MARGIN = 0.12  # of the scale, on either side of what is drawn
LEAST_WIDTH = 0.1  # of the scale itself: a difference of a hair should look like one


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalDrawing:
    """What `_interval.html` draws; places are per cent of the axis, None draws no bar."""

    low_pct: float
    high_pct: float
    value_pct: float
    bar_pct: float | None
    state: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its interval; None is unknown."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The axis that the intervals of one page share."""

    low: float
    high: float
    bar: float | None

    def place(self, value: float) -> float:
        """Return where a value lies, in per cent of the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def draw(self, estimate: Estimate, *, state: str, metric: str) -> IntervalDrawing | None:
        """Return the drawing, or None where there is nothing to draw."""
        value, low, high = estimate.value, estimate.low, estimate.high
        if value is None or low is None or high is None:
            return None
        against = "" if self.bar is None else f", the bar is at {self.bar:g}"
        return IntervalDrawing(
            low_pct=self.place(low),
            high_pct=self.place(high),
            value_pct=self.place(value),
            bar_pct=None if self.bar is None else self.place(self.bar),
            state=state,
            label=f"{metric} {rate(value)}, 95 % interval {interval(low, high)}{against}",
        )


def scale_for(estimates: Sequence[Estimate], *, bar: float | None) -> Scale:
    """Return a scale within 0..1 that shows every estimate and the bar with room on either side."""
    marks = [mark for e in estimates for mark in (e.value, e.low, e.high) if mark is not None]
    marks += [] if bar is None else [bar]
    low, high = (min(marks), max(marks)) if marks else (0.0, 1.0)
    width = max(high - low, LEAST_WIDTH)
    middle = (low + high) / 2
    reach = width / 2 + width * MARGIN
    return Scale(low=max(0.0, middle - reach), high=min(1.0, middle + reach), bar=bar)
