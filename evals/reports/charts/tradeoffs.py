"""The trade-off: quality against what an answer takes, with the region that clears the bar."""

from typing import Any

import plotly.graph_objects as go

from evals.domain.costs import AcceptedRule
from evals.domain.tradeoffs import Axis, Figure, Placed, Point, TradeOff
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.reports.charts import tradeofftables as words
from evals.reports.charts.chart import Chart, as_data, plain
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
RULES = {
    AcceptedRule.DROPPED: "Per accepted answer: wrong answers are thrown away.",
    AcceptedRule.REDONE: "Per accepted answer: each wrong answer costs what it takes to redo it.",
}
SHAPES = "● open, ■ closed{cascades}; hollow: its cost is estimated or its verdict undecided."
CLEARING = "The shaded region clears the bar."
DOTTED = "The dotted line joins what nothing else beats."
LOGARITHMIC = "The axis is logarithmic."
WHISKERS = (
    "Whiskers are 95 % intervals. A candidate is behind another only where both figures say so "
    "beyond them; the others are too close to call."
)
NEAR_X, NEAR_Y = 0.25, 0.08  # shares of the axes within which two labels would meet
MIDDLE = 0.5


def trade_off_chart(found: TradeOff) -> Chart:
    """Return the chart of a trade-off; what is unknown is in its table alone."""
    return Chart(
        key="trade-off",
        title=f"{figures.metric_label(found.metric).capitalize()} against {TITLES[found.axis]}",
        description=_description(found),
        figure=as_data(_figure(found)),
        table=words.trade_off_table(found),
        notes=_notes(found),
    )


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
    drawn = [
        SHAPES.format(cascades=", ◆ replayed cascade" if has_cascade else ""),
        CLEARING if found.threshold is not None else "",
        DOTTED if len(found.line) > 1 else "",
        LOGARITHMIC if found.placed and _x_span(found).is_log else "",
        RULES[found.rule] if found.rule else "",
    ]
    unknown = [f"Not drawn: {p.name}, {words.lacking(found, p)}." for p in found.left_out]
    return (" ".join(filter(None, drawn)), WHISKERS, *unknown)


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
    texts = [words.amount(found.axis, value) for value in values]
    return axis(TITLES[found.axis], span, tickvals=values, ticktext=texts)


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
    right = x.high
    if found.limit is not None:
        right = found.limit
        figure.add_vline(x=right, line={"color": "var(--go)", "width": 1.5})
        figure.add_annotation(
            text=f"at most {words.amount(found.axis, right)}",
            xref="paper",
            x=x.share(right),
            yref="paper",
            y=0,
            xanchor="right" if x.share(right) > MIDDLE else "left",
            yanchor="bottom",
            showarrow=False,
            font={"color": "var(--go)"},
        )
    if found.threshold is None:
        return
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
    level(figure, found.threshold, f"bar {found.threshold:g}", colour="var(--go)")


def _marker(found: TradeOff, place: Placed, x: Span, position: str) -> dict[str, Any]:
    point, colour = place.point, COLOURS[place.point.verdict]
    lines = [words.name_words(point), *_hover(found, place)]
    return {
        "x": [place.outlay.value],
        "y": [place.quality.value],
        "mode": "markers+text",
        "text": [plain(f"{point.name}, incumbent" if point.is_incumbent else point.name)],
        "textposition": position,
        "textfont": {"color": "var(--ink)"},
        "cliponaxis": False,
        "customdata": [point.link],
        "marker": {
            "symbol": _symbol(point),
            "size": 13,
            "color": "var(--surface)" if point.is_hollow else colour,
            "line": {"color": colour, "width": 2},
        },
        "error_x": _whisker(place.outlay, colour, x),
        "error_y": _whisker(place.quality, colour, None),
        "hovertemplate": "<br>".join(plain(line) for line in lines) + "<extra></extra>",
    }


def _symbol(point: Point) -> str:
    if point.is_replayed:
        return "diamond"
    return "circle" if point.is_open else "square"


def _hover(found: TradeOff, place: Placed) -> list[str]:
    point = place.point
    return [
        f"{figures.metric_label(found.metric)} {words.quality_words(place.quality)}",
        words.outlay_words(found.axis, point),
        f"{words.weights_words(point)}, {words.verdict_words(point)}",
        words.standing_words(place),
    ]


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
        side = "left" if across > MIDDLE else "right"
        positions.append(f"{'bottom' if near and near[-1] == 'top' else 'top'} {side}")
    return positions
