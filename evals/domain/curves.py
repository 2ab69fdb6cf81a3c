"""Series that charts are drawn from, as plain values. None is unknown, and is not drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

# The shares of answers at which a latency distribution is read.
SHARES = (0.01, 0.05, *(n / 20 for n in range(2, 19)), 0.95, 0.975, 0.99, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCurve:
    """How long one candidate's answers took: `seconds[i]` holds at least the share `SHARES[i]`."""

    name: str
    n: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCurves:
    """The latencies of an evaluation's candidates; `limit_seconds` is the bar's for p95."""

    curves: tuple[LatencyCurve, ...]
    limit_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePoint:
    """What a month costs with each candidate at one volume, in US dollars."""

    monthly_volume: int
    usd: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostByVolume:
    """What a month costs at rising volumes; `names` are the candidates in the order of drawing.

    `key` tells the curves of one page apart. `break_even` is the volume at which `cheaper` begins
    to cost less than what is used today; None: there is none within reach. `today` is the task's
    own volume. `estimated` are the names of those whose cost is an estimate.
    """

    names: tuple[str, ...]
    points: tuple[VolumePoint, ...]
    key: str = "volumes"
    break_even: int | None = None
    cheaper: str = ""
    today: int | None = None
    estimated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadePoint:
    """One threshold of a cascade: the share that escalates, and what comes of it.

    `threshold` None: everything escalates. `usd_per_1k` None: a price is unknown. `low` and `high`
    bound the quality where that is known.
    """

    threshold: float | None
    escalation: float
    quality: float
    usd_per_1k: Decimal | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeCurve:
    """A cascade over all its thresholds, by rising escalation.

    `ceiling` is the quality of a router that is never wrong, `floor` what escalating at random
    gives: a straight line from the first candidate's quality to the second's. `chosen` is one of
    the points; `bar` the least quality that is asked for.
    """

    first: str
    second: str
    points: tuple[CascadePoint, ...]
    ceiling: float
    floor: tuple[float, float]
    chosen: CascadePoint | None = None
    bar: float | None = None
