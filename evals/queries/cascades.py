"""An evaluation's replayed cascades: the list, the best one, the curve for a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

from django.db.models import QuerySet

from evals.domain.curves import CascadeCurve, CascadePoint
from evals.models import CascadeReplay, Evaluation
from evals.models.facts import ReplayState
from evals.queries.cascadewords import Document

TASKS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedCascade:
    """A cascade as a candidate of the trade-off chart: by the half that had no part in the choice.

    Dollars are of one accepted answer by the task's own rule, None where unknown. `of` counts the
    replays that it is the best of. `is_replayed` is always true: nobody asked these questions.
    """

    replay_id: int
    name: str
    first: str
    second: str
    quality: float
    low: float | None
    high: float | None
    n: int
    escalation: float
    per_task_usd: float | None
    per_accepted_usd: float | None
    p95_seconds: float | None
    is_estimated: bool
    is_simulated: bool
    of: int
    is_replayed: bool = True


def replays_of(evaluation: Evaluation) -> QuerySet[CascadeReplay]:
    """Return the evaluation's replays with their runs and authors, newest first."""
    return evaluation.cascades.select_related("first__candidate", "second__candidate", "created_by")


def best_replay(evaluation: Evaluation) -> ReplayedCascade | None:
    """Return the evaluation's best cascade, None where none was replayed. In one query.

    It is the cheapest that reached its target on the half that chose, else the one of the best
    quality there; so what is shown, of the other half, is no best of several.
    """
    found = replays_of(evaluation).filter(state=ReplayState.COMPLETED)
    completed = [replay for replay in found if replay.result]
    if not completed:
        return None
    best = min(completed, key=_rank)
    return _replayed(best, of=len(completed))


def cascade_curve(result: Document) -> CascadeCurve:
    """Return a completed replay's curve for a chart, from none escalated to all."""
    names, points = result["names"], result["curve"]
    chosen = nearest_point(points, result["choice"]["point"]["threshold"])
    curve = tuple(_curve_point(point) for point in points)
    return CascadeCurve(
        first=names["first"],
        second=names["second"],
        points=curve,
        ceiling=result["ceiling"],
        floor=(result["first"]["quality"], result["second"]["quality"]),
        chosen=curve[chosen],
    )


def nearest_point(points: Sequence[Document], threshold: float | None) -> int:
    """Return the place of the curve's point that the chosen threshold lies at or next to."""
    if threshold is None:
        return len(points) - 1
    known = [point["threshold"] for point in points if point["threshold"] is not None]
    return min(range(len(known)), key=lambda place: abs(known[place] - threshold))


def _curve_point(point: Document) -> CascadePoint:
    usd = point["usd"]
    return CascadePoint(
        threshold=point["threshold"],
        escalation=point["escalation"],
        quality=point["quality"],
        usd_per_1k=None if usd is None else Decimal(usd) * TASKS,
    )


def amount(text: str | None) -> float | None:
    """Return a stored amount of dollars as a number."""
    return None if text is None else float(text)


def _replayed(replay: CascadeReplay, *, of: int) -> ReplayedCascade:
    result: dict[str, Any] = replay.result
    reported, names = result["reported"], result["names"]
    point, quality = reported["point"], reported["quality"]
    return ReplayedCascade(
        replay_id=replay.pk,
        name=f"{names['first']} → {names['second']}",
        first=names["first"],
        second=names["second"],
        quality=quality["value"],
        low=quality["low"],
        high=quality["high"],
        n=reported["n"],
        escalation=point["escalation"],
        per_task_usd=amount(point["usd"]),
        per_accepted_usd=amount(reported["per_accepted_usd"]),
        p95_seconds=point["p95_seconds"],
        is_estimated=result["is_estimated"],
        is_simulated=result["is_simulated"],
        of=of,
    )


def _rank(replay: CascadeReplay) -> tuple[bool, float, float, int]:
    choice = replay.result["choice"]
    point = choice["point"]
    usd = inf if point["usd"] is None else float(point["usd"])
    if choice["is_reached"]:
        return False, usd, point["escalation"], replay.pk
    return True, -point["quality"], usd, replay.pk
