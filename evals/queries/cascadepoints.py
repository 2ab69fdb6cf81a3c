"""An evaluation's best replayed cascade as a point of its trade-off."""

from django.urls import reverse

from evals.domain.tradeoffs import Axis, Figure, Point, accepted_outlay
from evals.queries.cascades import ReplayedCascade, best_replay
from evals.queries.outcomes import Results

TASKS = 1000


def cascade_points(results: Results, axis: Axis) -> tuple[Point, ...]:
    """Return the best cascade that was replayed, in one query; nothing where none was."""
    found = best_replay(results.evaluation)
    if found is None:
        return ()
    quality = _quality(found)
    point = Point(
        name=f"{found.name}, replayed",
        link=reverse("evals:cascade", args=[found.replay_id]),
        quality=quality,
        outlay=_outlay(results, found, axis, quality),
        is_open=False,
        is_estimated=found.is_estimated and axis is not Axis.LATENCY,
        is_simulated=found.is_simulated,
        is_replayed=True,
    )
    return (point,)


def _quality(found: ReplayedCascade) -> Figure:
    """Return its quality; without an interval it may be anything."""
    low = 0.0 if found.low is None else min(found.low, found.quality)
    high = 1.0 if found.high is None else max(found.high, found.quality)
    return Figure(value=found.quality, low=low, high=high)


def _outlay(results: Results, found: ReplayedCascade, axis: Axis, quality: Figure) -> Figure | None:
    if axis is Axis.LATENCY:
        return _exact(found.p95_seconds)
    per_task = found.per_task_usd
    if axis is Axis.TASKS:
        return _exact(None if per_task is None else per_task * TASKS)
    cost, failure = _exact(per_task), results.spec.task.failure_cost_usd
    if cost is None or found.per_accepted_usd is None:
        return None
    return accepted_outlay(
        cost,
        quality,
        value=found.per_accepted_usd,
        failure_usd=None if failure is None else float(failure),
    )


def _exact(value: float | None) -> Figure | None:
    return None if value is None else Figure(value=value, low=value, high=value)
