"""How long answers took: the share that had come by each second."""

from evals.domain.curves import SHARES, LatencyCurve, LatencyCurves
from evals.queries import figures
from evals.reports.charts.chart import Chart, Column, as_data, plain, table
from evals.reports.charts.frame import axis, frame, span_of, styles, ticks

MEDIAN, P95 = SHARES.index(0.5), SHARES.index(0.95)


def latency_chart(found: LatencyCurves) -> Chart:
    """Return the chart of the candidates that have a latency."""
    names = [curve.name for curve in found.curves]
    marks = [seconds for curve in found.curves for seconds in curve.seconds]
    marks += [found.limit_seconds] if found.limit_seconds else []
    span = span_of(marks, is_log=min(marks, default=1.0) > 0, least=0.0)
    along = axis("seconds", span)
    if span.is_log:
        values = ticks(span)
        along |= {"tickvals": values, "ticktext": [figures.seconds(value) for value in values]}
    up = axis("share of answers", tickformat=".0%", range=[0, 1.03])
    figure = frame(along, up, has_legend=True)
    looks = styles(names)
    for curve in found.curves:
        figure.add_scatter(
            x=list(curve.seconds),
            y=list(SHARES),
            mode="lines",
            name=plain(curve.name),
            line={**looks[curve.name], "width": 2},
            hovertemplate=f"{plain(curve.name)}<br>%{{y:.1%}} within %{{x:.3~g}} s<extra></extra>",
        )
    if found.limit_seconds:
        figure.add_vline(x=found.limit_seconds, line={"color": "var(--go)", "width": 1.5})
        figure.add_hline(y=0.95, line={"color": "var(--line)", "dash": "dot", "width": 1})
    columns = [Column(label="Share of answers"), *(Column(label=name) for name in names)]
    return Chart(
        key="latencies",
        title="How long answers took",
        description=_description(found),
        figure=as_data(figure),
        table=table(columns, [_row(found, place) for place in range(len(SHARES))]),
        notes=_notes(found),
    )


def _description(found: LatencyCurves) -> str:
    if not found.curves:
        return "No latency is known, so nothing is drawn."
    said = [_said(curve) for curve in found.curves]
    return f"{'; '.join(said)}."


def _said(curve: LatencyCurve) -> str:
    half, most = figures.seconds(curve.seconds[MEDIAN]), figures.seconds(curve.seconds[P95])
    return f"{curve.name}: half within {half}, 95 % within {most}, n = {curve.n:,}"


def _notes(found: LatencyCurves) -> tuple[str, ...]:
    if not found.limit_seconds:
        return ()
    limit = figures.threshold("latency_p95_seconds", found.limit_seconds)
    return (f"The vertical line is the bar's limit for p95, {limit}.",)


def _row(found: LatencyCurves, place: int) -> tuple[str, list[str], str]:
    seconds = [figures.seconds(curve.seconds[place]) for curve in found.curves]
    return f"{100 * SHARES[place]:g} %", seconds, ""
