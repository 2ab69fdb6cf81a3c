"""How a rate and its interval came about: what they were after the first so many samples."""

from collections.abc import Iterable
from dataclasses import dataclass

from evals.domain.intervals import wilson_interval
from evals.domain.sequential import anytime_rate_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a further stretch of the order of asking held, up to `places` samples.

    `n` trials were scored there, `total` is the sum of their scores; `passed` counts those that
    scored 1 where every score is 0 or 1, else None.
    """

    places: int
    n: int
    total: float
    passed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A rate after the first `places` samples with its 95 % interval; None: none can be told."""

    places: int
    n: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowingLine:
    """One candidate's rate over the order of asking."""

    name: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """All candidates' rates over the order of asking.

    `is_fixed`: the plan is read once, at its end, and its intervals on the way decide nothing.
    """

    metric: str
    threshold: float | None
    is_fixed: bool
    lines: tuple[NarrowingLine, ...]


def moments_of(
    steps: Iterable[Step], *, stop_early: bool, are_independent: bool
) -> tuple[Moment, ...]:
    """Return the rate after each step that has scored anything by then.

    Intervals are those that the page shows for a whole run of trials that pass or fail, each by
    itself: Wilson's for a fixed n, the anytime-valid one under a stop rule. What partial credit,
    epochs and clusters allow to say is computed once, for the whole run.
    """
    moments = []
    n, total, passed = 0, 0.0, 0
    for step in steps:
        n, total = n + step.n, total + step.total
        passed += step.passed or 0
        if not n:
            continue
        interval = None
        if step.passed is not None and are_independent:
            rule = anytime_rate_interval if stop_early else wilson_interval
            interval = rule(passed, n)
        moments.append(
            Moment(
                places=step.places,
                n=n,
                value=total / n,
                low=interval.low if interval else None,
                high=interval.high if interval else None,
            )
        )
    return tuple(moments)
