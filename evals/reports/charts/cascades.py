"""A cascade over its thresholds: quality against the share that escalates."""

import plotly.graph_objects as go

from evals.domain.curves import CascadeCurve, CascadePoint
from evals.queries import figures
from evals.reports.charts.chart import Chart, Column, as_data, plain, table
from evals.reports.charts.frame import axis, frame, level, span_of

COLUMNS = (
    Column(label="Threshold"),
    Column(label="Escalated"),
    Column(label="Quality, 95 %"),
    Column(label="US dollars per 1,000 tasks"),
    Column(label="Chosen", is_number=False),
)
NOTE = (
    "The ceiling is a router that is never wrong, the floor escalates at random. A curve on the "
    "floor says that the signal tells nothing."
)


def cascade_chart(found: CascadeCurve) -> Chart:
    """Return the chart of a replayed cascade with its ceiling, floor and chosen threshold."""
    return Chart(
        key="cascade",
        title=f"{found.first} first, {found.second} where it is unsure",
        description=_description(found),
        figure=as_data(_figure(found)),
        table=table(COLUMNS, [_row(found, point) for point in found.points]),
        notes=(NOTE,),
    )


def _description(found: CascadeCurve) -> str:
    if found.chosen is None:
        return "No threshold is chosen."
    point = found.chosen
    return (
        f"At threshold {_threshold(point)}, {point.escalation:.1%} escalate and quality is "
        f"{_quality(point)}, against a ceiling of {figures.rate(found.ceiling)}."
    ).replace("%", " %")


def _threshold(point: CascadePoint) -> str:
    return "above all" if point.threshold is None else f"{point.threshold:g}"


def _quality(point: CascadePoint) -> str:
    return f"{figures.rate(point.quality)} {figures.interval(point.low, point.high)}".rstrip()


def _figure(found: CascadeCurve) -> go.Figure:
    marks = [*found.floor, found.ceiling, *(point.quality for point in found.points)]
    marks += [] if found.bar is None else [found.bar]
    figure = frame(
        axis("share that escalates", tickformat=".0%", range=[-0.02, 1.02]),
        axis("quality", span_of(marks)),
        has_legend=True,
    )
    floor = {"color": "var(--muted)", "dash": "dot", "width": 1.5}
    figure.add_scatter(
        x=[0, 1], y=list(found.floor), mode="lines", name="floor", line=floor, hoverinfo="skip"
    )
    _curve(figure, found)
    level(figure, found.ceiling, f"ceiling {figures.rate(found.ceiling)}", colour="var(--muted)")
    if found.bar is not None:
        level(figure, found.bar, f"bar {found.bar:g}")
    return figure


def _curve(figure: go.Figure, found: CascadeCurve) -> None:
    figure.add_scatter(
        x=[point.escalation for point in found.points],
        y=[point.quality for point in found.points],
        mode="lines+markers",
        name="cascade",
        marker={"size": 5},
        line={"color": "var(--series-1)", "width": 2},
        text=[_hover(point) for point in found.points],
        hovertemplate="%{text}<extra></extra>",
    )
    if found.chosen is not None:
        figure.add_scatter(
            x=[found.chosen.escalation],
            y=[found.chosen.quality],
            mode="markers",
            name="chosen threshold",
            marker={"symbol": "diamond", "size": 13, "color": "var(--go)"},
            text=[_hover(found.chosen)],
            hovertemplate="%{text}<extra></extra>",
        )


def _hover(point: CascadePoint) -> str:
    lines = [f"threshold {_threshold(point)}", f"quality {_quality(point)}", _usd(point)]
    return "<br>".join(plain(line) for line in lines)


def _usd(point: CascadePoint) -> str:
    known = point.usd_per_1k
    return "cost unknown" if known is None else f"{figures.usd(known)} per 1,000 tasks"


def _row(found: CascadeCurve, point: CascadePoint) -> tuple[str, list[str], str]:
    cost = "unknown" if point.usd_per_1k is None else figures.usd(point.usd_per_1k)
    chosen = "chosen" if point == found.chosen else ""
    escalated = f"{point.escalation:.1%}".replace("%", " %")
    return _threshold(point), [escalated, _quality(point), cost, chosen], ""
