"""An evaluation's trials as series: the rate in the order of asking, and how long answers took."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from evals.domain.curves import SHARES, LatencyCurve, LatencyCurves
from evals.domain.narrowing import Narrowing, NarrowingLine, Step, moments_of
from evals.domain.specs import GRADED
from evals.domain.tradeoffs import Axis
from evals.queries.kept import Kept
from evals.queries.outcomes import Outcome, Results
from evals.queries.states import JUDGED_STATES
from evals.queries.tradeoffs import limit_of

MOST_STEPS = 50
T = TypeVar("T")


_narrowings: Kept[Narrowing] = Kept(256)
_curves: Kept[LatencyCurves] = Kept(256)


def narrowing_of(results: Results) -> Narrowing:
    """Return each candidate's headline rate over the order of asking.

    In one query, or in none while an ended evaluation's is kept. Only the places that the verdict
    was read from count, so it ends with the figure on the page.
    """
    return _kept(_narrowings, results, lambda: _narrowing(results))


def latency_curves(results: Results) -> LatencyCurves:
    """Return how long each candidate's judged answers took.

    In one query, or in none while an ended evaluation's are kept.
    """
    return _kept(_curves, results, lambda: _latency_curves(results))


def _kept(kept: Kept[T], results: Results, made: Callable[[], T]) -> T:
    ended = results.evaluation.finished_at
    return made() if ended is None else kept.get((results.evaluation.pk, ended), made)


def _narrowing(results: Results) -> Narrowing:
    plan = results.spec.plan
    are_independent = plan.epochs == 1 and results.spec.eval_set.cluster is None
    steps = _steps(results)
    return Narrowing(
        metric=results.headline,
        threshold=results.headline_bar,
        is_fixed=not plan.stop_early,
        lines=tuple(
            NarrowingLine(
                name=outcome.spec.name,
                moments=moments_of(
                    steps[outcome.run.pk],
                    stop_early=plan.stop_early,
                    are_independent=are_independent,
                ),
            )
            for outcome in results.outcomes
        ),
    )


def _steps(results: Results) -> dict[int, list[Step]]:
    """Return what each stretch of a run's order held; the database adds up."""
    read = {outcome.run.pk: _places(results, outcome) for outcome in results.outcomes}
    stride = -(-max(read.values(), default=1) // MOST_STEPS) or 1
    value = "(t.scores ->> %s)::float8"
    statement = (
        f"SELECT run.id, least((t.place / %s + 1) * %s, run.places), count({value}), "  # noqa: S608
        f"coalesce(sum({value}), 0), count(*) FILTER (WHERE {value} = 1) "
        "FROM unnest(%s::bigint[], %s::int[]) AS run(id, places) "
        "JOIN evals_trial t ON t.run_id = run.id AND t.place < run.places "
        "WHERE t.state = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2"
    )
    metric = results.headline
    found: dict[int, list[Step]] = defaultdict(list)
    with connection.cursor() as cursor:
        runs = [list(read), list(read.values())]
        cursor.execute(statement, [stride, stride, metric, metric, metric, *runs, JUDGED_STATES])
        for run_id, places, n, total, ones in cursor.fetchall():
            passed = None if metric in GRADED else ones
            found[run_id].append(Step(places=places, n=n, total=total, passed=passed))
    return found


def _places(results: Results, outcome: Outcome) -> int:
    stopping = outcome.document.get("stopping")
    return int(stopping["read"]) if stopping else results.evaluation.sample_count


def _latency_curves(results: Results) -> LatencyCurves:
    read = {outcome.run.pk: _places(results, outcome) for outcome in results.outcomes}
    statement = (
        "SELECT run.id, count(*), percentile_disc(%s::float8[]) "
        "WITHIN GROUP (ORDER BY t.latency_seconds) "
        "FROM unnest(%s::bigint[], %s::int[]) AS run(id, places) "
        "JOIN evals_trial t ON t.run_id = run.id AND t.place < run.places "
        "WHERE t.state = ANY(%s) AND t.latency_seconds IS NOT NULL GROUP BY run.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(SHARES), list(read), list(read.values()), JUDGED_STATES])
        found = {run_id: (n, tuple(seconds)) for run_id, n, seconds in cursor.fetchall()}
    return LatencyCurves(
        curves=tuple(
            LatencyCurve(
                name=outcome.spec.name, n=found[outcome.run.pk][0], seconds=found[outcome.run.pk][1]
            )
            for outcome in results.outcomes
            if outcome.run.pk in found
        ),
        limit_seconds=limit_of(results, Axis.LATENCY),
    )
