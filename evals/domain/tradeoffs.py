"""Quality against what an answer takes: which candidates are worth choosing between.

Nothing is weighed against anything. A candidate falls behind another only where it is surely no
better in one respect and surely worse in the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.domain.costs import AcceptedRule
from evals.domain.verdicts import Verdict


class Axis(StrEnum):
    """What an answer takes: US dollars each, US dollars per 1,000 tasks, or p95 seconds."""

    ACCEPTED = "accepted"
    TASKS = "tasks"
    LATENCY = "latency"


class Standing(StrEnum):
    """Where a point is by the others."""

    ON_LINE = "on the line"
    CLOSE = "too close to call"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value with its 95 % interval.

    `high` may be infinite: nothing bounds it. Equal bounds: the interval is not known, and the
    value is taken as it is.
    """

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Whether how sure the value is can be said."""
        return self.low < self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One candidate, or a replayed cascade: quality (more is better) and what an answer takes.

    None is unknown. `link` is where its details are. The incumbent has no verdict.
    """

    name: str
    link: str
    quality: Figure | None
    outlay: Figure | None
    verdict: Verdict | None = None
    is_open: bool = False
    is_incumbent: bool = False
    is_estimated: bool = False
    is_simulated: bool = False
    is_replayed: bool = False

    @property
    def is_hollow(self) -> bool:
        """Whether its place is an estimate, or its verdict is still open."""
        return self.is_estimated or self.verdict is Verdict.UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A point that is drawn. `behind` names those that it is surely behind of."""

    point: Point
    quality: Figure
    outlay: Figure
    standing: Standing
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """All candidates of an evaluation by quality and outlay, cheapest first.

    `threshold` is the least quality that the bar asks for, `limit` the most that it allows on the
    axis; None: it says nothing of that. `left_out` are the points of which a figure is unknown.
    `rule` says what an accepted answer costs, None on any other axis.
    """

    axis: Axis
    metric: str
    threshold: float | None
    limit: float | None
    placed: tuple[Placed, ...]
    left_out: tuple[Point, ...]
    rule: AcceptedRule | None = None

    @property
    def line(self) -> tuple[Placed, ...]:
        """The points that the Pareto line joins: each dearer and better than the one before."""
        return tuple(place for place in self.placed if place.standing is Standing.ON_LINE)


def trade_off(
    points: Iterable[Point],
    *,
    axis: Axis,
    metric: str,
    threshold: float | None = None,
    limit: float | None = None,
) -> TradeOff:
    """Return where each point stands; what is unknown stands nowhere and is listed apart."""
    known: list[Point] = []
    unknown: list[Point] = []
    for point in points:
        (unknown if None in (point.quality, point.outlay) else known).append(point)
    known.sort(key=_by_outlay)
    return TradeOff(
        axis=axis,
        metric=metric,
        threshold=threshold,
        limit=limit,
        placed=tuple(_placed(known)),
        left_out=tuple(unknown),
    )


def dominates(one: Point, other: Point) -> bool:
    """Return whether one is surely as good in both respects and surely better in one.

    "Surely" is beyond the intervals: all of one's lies at or past all of the other's. Two 95 %
    intervals that stay apart are stronger evidence than a test of the difference at 5 %, so this
    errs on the side of "too close to call". It is a strict partial order.

    Source: interval orders of Fishburn (1985), for several objectives as in Limbourg and Aponte
    (2005), "An optimization algorithm for imprecise multi-objective problem functions".
    """
    if one.quality is None or other.quality is None or one.outlay is None or other.outlay is None:
        return False
    margins = (one.quality.low - other.quality.high, other.outlay.low - one.outlay.high)
    return min(margins) >= 0 and max(margins) > 0


def pareto_line(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points that none beats in one value without losing in the other, cheapest first.

    The line through them rises. None of them is dominated; a point off the line that is not
    dominated either is too close to call.
    """
    line: list[Point] = []
    for point in sorted((p for p in points if p.quality and p.outlay), key=_by_outlay):
        # Sorted so, a point is beaten by none before it, or by the last one on the line.
        if not line or _place(point) == _place(line[-1]) or _rises(line[-1], point):
            line.append(point)
    return tuple(line)


def accepted_outlay(
    cost: Figure, accepted: Figure, *, value: float, failure_usd: float | None
) -> Figure:
    """Return US dollars per accepted answer with the widest interval that both figures allow.

    Args:
        cost: US dollars of one task.
        accepted: The share of answers that are accepted.
        value: The cost per accepted answer as it was measured.
        failure_usd: What it costs to do a wrong answer again; None: wrong ones are dropped.

    Source: house methods, section 2 (cost per accepted answer), at the ends of both intervals;
    it holds where both do, so in at least 90 % of all repetitions.
    """
    if failure_usd is not None:
        low = cost.low + (1 - accepted.high) * failure_usd
        high = cost.high + (1 - accepted.low) * failure_usd
    else:
        low = cost.low / accepted.high if accepted.high else value
        high = cost.high / accepted.low if accepted.low else float("inf")
    return Figure(value=value, low=min(low, value), high=max(high, value))


def _rises(before: Point, after: Point) -> bool:
    if before.quality is None or after.quality is None:
        return False
    return after.quality.value > before.quality.value


def _place(point: Point) -> tuple[float, float]:
    outlay, minus_quality = _by_outlay(point)
    return outlay, -minus_quality


def _by_outlay(point: Point) -> tuple[float, float]:
    if point.outlay is None or point.quality is None:
        return float("inf"), 0.0
    return point.outlay.value, -point.quality.value


def _placed(known: Sequence[Point]) -> Iterable[Placed]:
    line = {id(point) for point in pareto_line(known)}
    for point in known:
        if point.quality is None or point.outlay is None:
            continue
        behind = tuple(other.name for other in known if dominates(other, point))
        standing = Standing.BEHIND if behind else Standing.CLOSE
        yield Placed(
            point=point,
            quality=point.quality,
            outlay=point.outlay,
            standing=Standing.ON_LINE if id(point) in line else standing,
            behind=behind,
        )
