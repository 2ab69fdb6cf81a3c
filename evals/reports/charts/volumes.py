"""What a month costs at rising volumes, and from which volume on one candidate is cheaper."""

from decimal import Decimal

import plotly.graph_objects as go

from evals.domain.curves import CostByVolume, VolumePoint
from evals.queries import figures
from evals.reports.charts.chart import Chart, Column, as_data, plain, table
from evals.reports.charts.frame import axis, frame, styles

BELOW = 0.92  # of the figure's height, so that two marks can stand close together


def volume_chart(found: CostByVolume) -> Chart:
    """Return the chart of a month's cost; a cost that is unknown is in the table alone."""
    columns = [Column(label="Tasks a month"), *(Column(label=name) for name in found.names)]
    return Chart(
        key=found.key,
        title="Cost of a month against volume",
        description=_description(found),
        figure=as_data(_figure(found)),
        table=table(columns, [_row(found, point) for point in found.points]),
        notes=_notes(found),
    )


def _description(found: CostByVolume) -> str:
    if found.break_even is None:
        return "There is no break-even point in this range."
    return f"{found.cheaper} breaks even at {found.break_even:,} tasks a month."


def _notes(found: CostByVolume) -> tuple[str, ...]:
    unknown = [name for name in found.names if all(p.usd.get(name) is None for p in found.points)]
    notes = [f"Not drawn: {name}, cost unknown." for name in unknown]
    if found.estimated:
        named = ", ".join(name for name in found.names if name in found.estimated)
        notes.append(f"Estimated: {named}.")
    return tuple(notes)


def _figure(found: CostByVolume) -> go.Figure:
    figure = frame(
        axis("tasks a month", rangemode="tozero", tickformat=",~d"),
        axis("US dollars a month", rangemode="tozero", tickprefix="$", tickformat=",~f"),
        has_legend=True,
    )
    looks = styles(found.names)
    for name in found.names:
        known = [(p.monthly_volume, p.usd.get(name)) for p in found.points]
        drawn = [(volume, usd) for volume, usd in known if usd is not None]
        if not drawn:
            continue
        words = plain(name + (" est." if name in found.estimated else ""))
        figure.add_scatter(
            x=[volume for volume, _ in drawn],
            y=[float(usd) for _, usd in drawn],
            mode="lines",
            name=words,
            line={**looks[name], "width": 2},
            text=[figures.usd(usd) for _, usd in drawn],
            hovertemplate=f"{words}<br>%{{text}} at %{{x:,}} tasks<extra></extra>",
        )
    _mark(figure, found.break_even, "break-even", colour="var(--go)", height=1)
    _mark(figure, found.today, "today", colour="var(--ink)", height=BELOW)
    return figure


def _mark(figure: go.Figure, volume: int | None, words: str, *, colour: str, height: float) -> None:
    if volume is None:
        return
    figure.add_vline(x=volume, line={"color": colour, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        text=f"{words} {volume:,}",
        x=volume,
        yref="paper",
        y=height,
        yanchor="top",
        xanchor="left",
        showarrow=False,
        font={"color": colour},
    )


def _row(found: CostByVolume, point: VolumePoint) -> tuple[str, list[str], str]:
    cells = [
        _usd(point.usd.get(name), is_estimated=name in found.estimated) for name in found.names
    ]
    return figures.count(point.monthly_volume), cells, ""


def _usd(value: Decimal | None, *, is_estimated: bool) -> str:
    if value is None:
        return "unknown"
    return figures.usd(value) + (" est." if is_estimated else "")
