"""How the intervals of an evaluation narrowed, sample by sample in the order of asking."""

from collections.abc import Sequence

import plotly.graph_objects as go

from evals.domain.narrowing import Moment, Narrowing, NarrowingLine
from evals.queries import figures
from evals.reports.charts.chart import Chart, Column, Table, as_data, plain, table
from evals.reports.charts.frame import axis, frame, level, span_of, styles

FIXED = (
    "Fixed plan: not for deciding early. Its intervals hold once, at the end; read again and again "
    "they would turn 5 % false GOs into 30 %."
)
SEQUENTIAL = "These intervals hold at any sample, so the stop rule may read them on the way."
NO_INTERVAL = "With partial credit, epochs or clusters an interval is told once, for the whole run."


def narrowing_chart(found: Narrowing) -> Chart:
    """Return the chart; candidates of which nothing was scored are not in it."""
    lines = [line for line in found.lines if line.moments]
    has_intervals = any(moment.low is not None for line in lines for moment in line.moments)
    notes = [FIXED if found.is_fixed else SEQUENTIAL]
    return Chart(
        key="narrowing",
        title=f"{figures.metric_label(found.metric).capitalize()} after so many samples",
        description=_description(lines),
        figure=as_data(_figure(found, lines)),
        table=_table(lines),
        notes=tuple(notes if has_intervals else [*notes, NO_INTERVAL]),
    )


def _description(lines: Sequence[NarrowingLine]) -> str:
    ends = [f"{line.name} {_words(line.moments[-1])}" for line in lines]
    return f"At the end: {'; '.join(ends)}." if ends else "Nothing was scored."


def _words(moment: Moment) -> str:
    return f"{figures.rate(moment.value)} {figures.interval(moment.low, moment.high)}".rstrip()


def _figure(found: Narrowing, lines: Sequence[NarrowingLine]) -> go.Figure:
    moments = [moment for line in lines for moment in line.moments]
    # The first few samples say nothing, and their intervals would flatten all the others.
    settled = [m for m in moments if m.n * 10 >= max(m.n for m in moments)]
    marks = [mark for m in settled for mark in (m.value, m.low, m.high) if mark is not None]
    marks += [] if found.threshold is None else [found.threshold]
    figure = frame(
        axis("samples, in the order of asking", rangemode="tozero"),
        axis(figures.metric_label(found.metric), span_of(marks)),
        has_legend=True,
    )
    looks = styles([line.name for line in lines])
    for line in lines:
        _draw(figure, line, looks[line.name])
    if found.threshold is not None:
        level(figure, found.threshold, f"bar {found.threshold:g}")
    return figure


def _draw(figure: go.Figure, line: NarrowingLine, look: dict[str, str]) -> None:
    places = [moment.places for moment in line.moments]
    sure = [moment for moment in line.moments if moment.low is not None]
    figure.add_scatter(
        x=[m.places for m in sure] + [m.places for m in reversed(sure)],
        y=[m.low for m in sure] + [m.high for m in reversed(sure)],
        fill="toself",
        mode="lines",
        line={"width": 0.5, "color": look["color"]},
        fillcolor=look["color"],
        opacity=0.14,
        hoverinfo="skip",
        showlegend=False,
        legendgroup=line.name,
    )
    figure.add_scatter(
        x=places,
        y=[moment.value for moment in line.moments],
        mode="lines",
        name=plain(line.name),
        line={**look, "width": 2},
        legendgroup=line.name,
        text=[plain(_words(moment)) for moment in line.moments],
        hovertemplate=f"{plain(line.name)}<br>%{{text}}<br>after %{{x:,}} samples<extra></extra>",
    )


def _table(lines: Sequence[NarrowingLine]) -> Table:
    known = [{moment.places: moment for moment in line.moments} for line in lines]
    places = sorted({place for moments in known for place in moments})
    rows = []
    for place in places:
        cells = [_words(moments[place]) if place in moments else "—" for moments in known]
        rows.append((figures.count(place), cells, ""))
    columns = [Column(label="Samples"), *(Column(label=f"{line.name}, 95 %") for line in lines)]
    return table(columns, rows)
