"""How every chart looks: axes, ink, hover; and how its axes are cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, inf, log10
from typing import Any

import plotly.graph_objects as go

CLEAR = "rgba(0,0,0,0)"
SERIES = tuple(f"var(--series-{number})" for number in range(1, 7))
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARGIN = 0.08  # of an axis on either side of what is drawn
FEW_DECADES = 1.5  # up to which a logarithmic axis has a tick at 2 and 5 too
STEPS = ((1,), (1, 2, 5), tuple(range(1, 10)))  # within each decade
EDGE = 1.001  # a tick on the very edge is drawn or not, as rounding has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of an axis is shown, in its own units."""

    low: float
    high: float
    is_log: bool = False

    @property
    def range(self) -> list[float]:
        """The two ends as plotly wants them."""
        return [log10(self.low), log10(self.high)] if self.is_log else [self.low, self.high]

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high one."""
        low, high = self.range
        place = log10(value) if self.is_log else value
        return (place - low) / (high - low)

    def clipped(self, value: float) -> float:
        """Return the value, or the end that it lies beyond."""
        return min(max(value, self.low), self.high)


def span_of(marks: Iterable[float], *, is_log: bool = False, least: float = -inf) -> Span:
    """Return a span that shows all finite marks with room on either side."""
    shown = [mark for mark in marks if abs(mark) < inf and (mark > 0 or not is_log)]
    low, high = (min(shown), max(shown)) if shown else (1.0, 10.0)
    if is_log:
        room = max((high / low) ** MARGIN, 1.25)
        return Span(low=low / room, high=high * room, is_log=True)
    room = MARGIN * (high - low) or abs(high) * MARGIN or MARGIN
    return Span(low=max(low - room, least), high=high + room)


def ticks(span: Span) -> list[float]:
    """Return the ticks of a logarithmic axis: 1, 10, 100, or closer ones until there are two.

    Without a label on an axis plotly loses the place of its title.
    """
    low, high = span.range
    decades = range(floor(low), floor(high) + 1)
    for steps in STEPS[high - low <= FEW_DECADES :]:
        values = [step * 10.0**decade for decade in decades for step in steps]
        inside = [value for value in values if span.low * EDGE < value < span.high / EDGE]
        if len(inside) > 1:
            return inside
    return [float(f"{span.low * (span.high / span.low) ** share:.3g}") for share in (0.1, 0.5, 0.9)]


def axis(title: str, span: Span | None = None, **more: Any) -> dict[str, Any]:
    """Return an axis; without a span it fits what is drawn. It never moves under a finger."""
    fitted = {} if span is None else {"range": span.range, "type": "log" if span.is_log else None}
    return {
        "title": {"text": title, "standoff": 12},
        "gridcolor": "var(--line)",
        "linecolor": "var(--line)",
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        **{name: value for name, value in fitted.items() if value is not None},
        **more,
    }


def frame(x: dict[str, Any], y: dict[str, Any], *, has_legend: bool = False) -> go.Figure:
    """Return an empty figure in the house's looks."""
    return go.Figure(
        layout={
            "xaxis": x,
            "yaxis": y,
            "showlegend": has_legend,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"color": "var(--muted)", "size": 12},
            "margin": {"l": 16, "r": 16, "t": 24, "b": 16},
            "hovermode": "closest",
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": "var(--surface)",
                "bordercolor": "var(--edge)",
                "font": {"color": "var(--ink)"},
                "align": "left",
            },
        }
    )


def level(figure: go.Figure, y: float, words: str, *, colour: str = "var(--ink)") -> None:
    """Draw a horizontal line across the whole figure, with words at its end."""
    figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, y0=y, y1=y, line={"color": colour, "width": 1.5}
    )
    figure.add_annotation(
        text=words,
        xref="paper",
        x=1,
        y=y,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"color": colour},
    )


def styles(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return each name's line: a colour and a pattern, so that none is told by colour alone."""
    return {
        name: {"color": SERIES[place % len(SERIES)], "dash": DASHES[place % len(DASHES)]}
        for place, name in enumerate(names)
    }
