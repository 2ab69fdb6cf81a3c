"""A trade-off in words: its table, and what a pointer on a marker reads."""

from math import inf

from evals.domain.tradeoffs import Axis, Figure, Placed, Point, Standing, TradeOff
from evals.domain.verdicts import WORDS
from evals.queries import figures
from evals.queries.tradeoffs import LABELS
from evals.reports.charts.chart import Column, Table, table

CANDIDATE = Column(label="Candidate", is_number=False)
WEIGHTS = Column(label="Weights", is_number=False)
VERDICT = Column(label="Verdict", is_number=False)
STANDING = Column(label="By the others", is_number=False)


def trade_off_table(found: TradeOff) -> Table:
    """Return every candidate's figures; those that are not drawn come last and say why."""
    quality = Column(label=f"{figures.metric_label(found.metric)}, 95 %".capitalize())
    outlay = Column(label=f"{LABELS[found.axis]}, 95 %")
    rows = [_row(found, place.point, standing_words(place)) for place in found.placed]
    rows += [_row(found, p, f"not drawn: {lacking(found, p)}") for p in found.left_out]
    return table([CANDIDATE, WEIGHTS, quality, outlay, VERDICT, STANDING], rows)


def _row(found: TradeOff, point: Point, standing: str) -> tuple[str, list[str], str]:
    cells = [
        weights_words(point),
        quality_words(point.quality),
        outlay_words(found.axis, point),
        verdict_words(point),
        standing,
    ]
    return name_words(point), cells, point.link


def name_words(point: Point) -> str:
    """Return the point's name with what has to be known of it."""
    marks = {
        "incumbent": point.is_incumbent,
        "replayed cascade": point.is_replayed,
        "simulated": point.is_simulated,
    }
    said = [mark for mark, is_so in marks.items() if is_so]
    return f"{point.name} ({', '.join(said)})" if said else point.name


def weights_words(point: Point) -> str:
    """Return whether the weights are open."""
    if point.is_replayed:
        return "open first, closed where unsure"
    return "open" if point.is_open else "closed"


def verdict_words(point: Point) -> str:
    """Return the verdict; the incumbent and a replayed cascade have none."""
    return WORDS[point.verdict] if point.verdict else "no verdict"


def quality_words(figure: Figure | None) -> str:
    """Return the quality with its interval."""
    if figure is None:
        return "unknown"
    interval = figures.interval(figure.low, figure.high) if figure.has_interval else ""
    return f"{figures.rate(figure.value)} {interval}".rstrip()


def outlay_words(axis: Axis, point: Point) -> str:
    """Return what an answer takes with its interval, and whether it is an estimate."""
    figure = point.outlay
    if figure is None:
        return "unknown"
    estimated = " est." if point.is_estimated else ""
    return f"{amount(axis, figure.value)}{estimated} {_bounds(axis, figure)}".rstrip()


def amount(axis: Axis, value: float) -> str:
    """Return seconds or dollars with their unit."""
    return figures.seconds(value) if axis is Axis.LATENCY else figures.usd(value)


def standing_words(place: Placed) -> str:
    """Return where a point is by the others."""
    if place.standing is not Standing.BEHIND:
        return place.standing.value
    first, *others = place.behind
    return f"behind {first}" + (f" and {len(others)} more" if others else "")


def lacking(found: TradeOff, point: Point) -> str:
    """Return which figure is unknown."""
    if point.quality is None:
        return "quality unknown"
    return "latency unknown" if found.axis is Axis.LATENCY else "cost unknown"


def _bounds(axis: Axis, figure: Figure) -> str:
    if not figure.has_interval:
        return ""
    high = "no bound" if figure.high == inf else amount(axis, figure.high)
    return f"[{amount(axis, figure.low)}, {high}]"
