"""What a better harness brings: the same model on the same items, one switch at a time.

Source: house methods, section 4. What the closed model gains by the same switch is another lift.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

import numpy as np

from evals.domain.cascades import Dollars, mean_usd, quantile_95, recovered_gap
from evals.domain.intervals import Interval
from evals.domain.pairedscores import mean_difference_interval
from evals.domain.sequential import Floats
from evals.domain.specs import CandidateSpec


class LiftError(ValueError):
    """Two candidates whose difference is not one switch of the harness."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """One candidate's scores in [0, 1], costs (None unknown) and seconds (nan unknown) by item."""

    scores: Floats
    seconds: Floats
    usd: Dollars | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What one switch changes: quality with its interval, dollars an item, p95 in seconds.

    `gap_closed` is the share of the gap to the closed model, None where there is none. None
    elsewhere is unknown.
    """

    n: int
    quality: float
    interval: Interval | None
    usd: Decimal | None
    p95_seconds: float | None
    gap_closed: float | None


def switched(plain: CandidateSpec, better: CandidateSpec) -> str:
    """Return the one setting of the harness in which two candidates of a model differ.

    Raises:
        LiftError: If the models or endpoints differ, or not exactly one setting does.
    """
    if (plain.model, plain.endpoint) != (better.model, better.endpoint):
        raise LiftError(f"{plain.name} and {better.name} are not the same model at one endpoint")
    changed = [
        setting.name
        for setting in fields(plain.harness)
        if getattr(plain.harness, setting.name) != getattr(better.harness, setting.name)
    ]
    if len(changed) != 1:
        found = ", ".join(changed) or "none"
        raise LiftError(f"need one switch between {plain.name} and {better.name}, found {found}")
    return changed[0]


def harness_lift(
    plain: Answers, better: Answers, *, closed: Sequence[float] | Floats, seed: int = 0
) -> Lift:
    """Return what the better harness brings on the same items.

    Args:
        plain: The open model without the switch.
        better: The same model with it.
        closed: The closed model's scores on these items.
        seed: Of the paired bootstrap.

    Raises:
        ValueError: If the items differ in number, or there are none.
    """
    n = len(plain.scores)
    if not n or {len(better.scores), len(closed)} != {n}:
        raise ValueError(f"need the same items, found {n}, {len(better.scores)}, {len(closed)}")
    differences = better.scores - plain.scores
    start, end = float(plain.scores.mean()), float(better.scores.mean())
    return Lift(
        n=n,
        quality=float(differences.mean()),
        interval=mean_difference_interval(differences, seed=seed),
        usd=_difference(mean_usd(better.usd), mean_usd(plain.usd)),
        p95_seconds=_later(quantile_95(better.seconds), quantile_95(plain.seconds)),
        gap_closed=recovered_gap(end, first=start, second=float(np.mean(closed))),
    )


def _difference(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before


def _later(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before
