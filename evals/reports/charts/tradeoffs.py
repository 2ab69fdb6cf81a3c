"""The trade-off: quality against what an answer takes, with the region that clears the bar."""

from math import inf
from typing import Any

import plotly.graph_objects as go

from evals.domain.tradeoffs import Axis, Figure, Placed, Point, Standing, TradeOff
from evals.domain.verdicts import WORDS, Verdict
from evals.queries import figures
from evals.reports.charts.chart import Chart, Column, as_data, plain, table
from evals.reports.charts.frame import Span, axis, frame, level, span_of, ticks

TITLES = {
    Axis.ACCEPTED: "US dollars per accepted answer",
    Axis.TASKS: "US dollars per 1,000 tasks",
    Axis.LATENCY: "p95 latency in seconds",
}
COLOURS = {
    Verdict.GO: "var(--go)",
    Verdict.NO_GO: "var(--no-go)",
    Verdict.UNDECIDED: "var(--undecided)",
    None: "var(--ink)",
}
SHAPES = "● open, ■ closed{cascades}; hollow: its cost is estimated or its verdict undecided."
WHISKERS = (
    "Whiskers are 95 % intervals. A candidate is behind another only where both figures say so "
    "beyond them; the others are too close to call."
)
CLEARING = "The shaded region clears the bar."
NEAR_X, NEAR_Y = 0.2, 0.08  # shares of the axes within which two labels would meet


def trade_off_chart(found: TradeOff) -> Chart:
    """Return the chart of a trade-off; what is unknown is in its table alone."""
    return Chart(
        key="trade-off",
        title=f"{figures.metric_label(found.metric).capitalize()} against {TITLES[found.axis]}",
        description=_description(found),
        figure=as_data(_figure(found)),
        table=table(
            _columns(found), [_row(found, place) for place in found.placed] + _unknown(found)
        ),
        notes=_notes(found),
    )


def outlay_words(axis_of: Axis, value: float | None) -> str:
    """Return what an answer takes, with its unit."""
    return figures.seconds(value) if axis_of is Axis.LATENCY else figures.usd(value)


def name_words(point: Point) -> str:
    """Return the point's name with what has to be known of it."""
    marks = {
        "incumbent": point.is_incumbent,
        "replayed cascade": point.is_replayed,
        "simulated": point.is_simulated,
    }
    said = [mark for mark, is_so in marks.items() if is_so]
    return f"{point.name} ({', '.join(said)})" if said else point.name


def _description(found: TradeOff) -> str:
    if not found.placed:
        return "No candidate has both figures, so nothing is drawn."
    names = [place.point.name for place in found.line]
    best = f"On the Pareto line: {', '.join(names)}."
    if found.threshold is None:
        return f"{best} The bar sets no least {figures.metric_label(found.metric)}."
    return f"{best} The bar is at {found.threshold:g}."


def _notes(found: TradeOff) -> tuple[str, ...]:
    has_cascade = any(place.point.is_replayed for place in found.placed)
    shapes = SHAPES.format(cascades=", ◆ replayed cascade" if has_cascade else "")
    clearing = CLEARING if found.threshold is not None else ""
    notes = [
        " ".join(filter(None, [shapes, clearing])),
        WHISKERS,
    ]
    notes += [f"Not drawn: {point.name}, {_lacking(found, point)}." for point in found.left_out]
    return tuple(notes)


def _lacking(found: TradeOff, point: Point) -> str:
    if point.quality is None:
        return "quality unknown"
    return "latency unknown" if found.axis is Axis.LATENCY else "cost unknown"


def _columns(found: TradeOff) -> tuple[Column, ...]:
    return (
        Column(label="Candidate", is_number=False),
        Column(label="Weights", is_number=False),
        Column(label=f"{figures.metric_label(found.metric)}, 95 %".capitalize()),
        Column(label=f"{TITLES[found.axis]}, 95 %"),
        Column(label="Verdict", is_number=False),
        Column(label="By the others", is_number=False),
    )


def _row(found: TradeOff, place: Placed) -> tuple[str, tuple[str, ...], str]:
    point, cost = place.point, outlay_words(found.axis, place.outlay.value)
    estimated = " est." if point.is_estimated else ""
    return (
        name_words(point),
        (
            _weights(point),
            f"{figures.rate(place.quality.value)} {_rates(place.quality)}".rstrip(),
            f"{cost}{estimated} {_outlays(found.axis, place.outlay)}".rstrip(),
            _verdict(point),
            _standing(place),
        ),
        point.link,
    )


def _unknown(found: TradeOff) -> list[tuple[str, tuple[str, ...], str]]:
    rows = []
    for point in found.left_out:
        quality, outlay = point.quality, point.outlay
        known = (
            f"{figures.rate(quality.value)} {_rates(quality)}".rstrip() if quality else "unknown",
            outlay_words(found.axis, outlay.value) if outlay else "unknown",
        )
        standing = f"not drawn: {_lacking(found, point)}"
        cells = (_weights(point), *known, _verdict(point), standing)
        rows.append((name_words(point), cells, point.link))
    return rows


def _weights(point: Point) -> str:
    return "open first, closed where unsure" if point.is_replayed else _kind(point)


def _kind(point: Point) -> str:
    return "open" if point.is_open else "closed"


def _verdict(point: Point) -> str:
    return WORDS[point.verdict] if point.verdict else "—"


def _rates(figure: Figure) -> str:
    return figures.interval(figure.low, figure.high) if figure.has_interval else ""


def _outlays(axis_of: Axis, figure: Figure) -> str:
    if not figure.has_interval:
        return ""
    high = "no bound" if figure.high == inf else outlay_words(axis_of, figure.high)
    return f"[{outlay_words(axis_of, figure.low)}, {high}]"


def _standing(place: Placed) -> str:
    if place.standing is not Standing.BEHIND:
        return place.standing.value
    first, *others = place.behind
    return f"behind {first}" + (f" and {len(others)} more" if others else "")


def _figure(found: TradeOff) -> go.Figure:
    x, y = _x_span(found), _y_span(found)
    figure = frame(_x_axis(found, x), axis(figures.metric_label(found.metric), y))
    _clearing(figure, found, x, y)
    figure.add_scatter(
        x=[place.outlay.value for place in found.line],
        y=[place.quality.value for place in found.line],
        mode="lines",
        line={"color": "var(--muted)", "dash": "dot", "shape": "hv", "width": 1.5},
        hoverinfo="skip",
    )
    positions = _label_positions(found, x, y)
    for place, position in zip(found.placed, positions, strict=True):
        figure.add_scatter(**_marker(found, place, x, position))
    return figure


def _x_axis(found: TradeOff, span: Span) -> dict[str, Any]:
    if not span.is_log:
        return axis(TITLES[found.axis], span)
    values = ticks(span)
    texts = [outlay_words(found.axis, value) for value in values]
    return axis(f"{TITLES[found.axis]}, logarithmic", span, tickvals=values, ticktext=texts)


def _x_span(found: TradeOff) -> Span:
    """Return a logarithmic axis, or a linear one where something is free of charge."""
    marks = [m for p in found.placed for m in (p.outlay.value, p.outlay.low, p.outlay.high)]
    marks += [found.limit] if found.limit else []
    is_log = all(place.outlay.value > 0 for place in found.placed)
    return span_of(marks, is_log=is_log, least=0.0)


def _y_span(found: TradeOff) -> Span:
    marks = [m for p in found.placed for m in (p.quality.value, p.quality.low, p.quality.high)]
    return span_of([*marks, *([] if found.threshold is None else [found.threshold])])


def _clearing(figure: go.Figure, found: TradeOff, x: Span, y: Span) -> None:
    """Shade what the bar lets pass: above its threshold, within its limit."""
    if found.limit is not None:
        words = f"at most {outlay_words(found.axis, found.limit)}"
        figure.add_vline(x=found.limit, line={"color": "var(--go)", "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            text=words, yref="paper", y=0, x=x.range[0], showarrow=False, xanchor="left"
        )
    if found.threshold is None:
        return
    right = x.high if found.limit is None else x.clipped(found.limit)
    figure.add_shape(
        type="rect",
        layer="below",
        x0=x.low,
        x1=right,
        y0=found.threshold,
        y1=y.high,
        fillcolor="var(--go-soft)",
        line={"width": 0},
    )
    level(figure, found.threshold, f"bar {found.threshold:g}")


def _marker(found: TradeOff, place: Placed, x: Span, position: str) -> dict[str, Any]:
    point, colour = place.point, COLOURS[place.point.verdict]
    name = plain(name_words(point))
    return {
        "x": [place.outlay.value],
        "y": [place.quality.value],
        "mode": "markers+text",
        "text": [name],
        "textposition": position,
        "textfont": {"color": "var(--ink)"},
        "cliponaxis": False,
        "customdata": [point.link],
        "marker": {
            "symbol": "diamond" if point.is_replayed else ("circle" if point.is_open else "square"),
            "size": 13,
            "color": "var(--surface)" if point.is_hollow else colour,
            "line": {"color": colour, "width": 2},
        },
        "error_x": _whisker(place.outlay, colour, x),
        "error_y": _whisker(place.quality, colour, None),
        "hovertemplate": f"<b>{name}</b><br>{plain(_hover(found, place))}<extra></extra>".replace(
            "\n", "<br>"
        ),
    }


def _hover(found: TradeOff, place: Placed) -> str:
    _, (weights, quality, outlay, verdict, standing), _ = _row(found, place)
    return f"{quality} {found.metric}\n{outlay}\n{weights}, {verdict}\n{standing}"


def _whisker(figure: Figure, colour: str, span: Span | None) -> dict[str, Any]:
    high = figure.high if span is None else span.clipped(figure.high)
    return {
        "type": "data",
        "array": [high - figure.value],
        "arrayminus": [figure.value - figure.low],
        "color": colour,
        "thickness": 1.5,
        "width": 0,
    }


def _label_positions(found: TradeOff, x: Span, y: Span) -> list[str]:
    """Return where each name stands: towards the middle, and under a neighbour's that is near."""
    positions: list[str] = []
    places = [(x.share(p.outlay.value), y.share(p.quality.value)) for p in found.placed]
    for number, (across, up) in enumerate(places):
        near = [
            positions[before].split()[0]
            for before, (other, height) in enumerate(places[:number])
            if abs(across - other) < NEAR_X and abs(up - height) < NEAR_Y
        ]
        side = "left" if across > 0.5 else "right"  # noqa: PLR2004 - the middle
        positions.append(f"{'bottom' if near and near[-1] == 'top' else 'top'} {side}")
    return positions
