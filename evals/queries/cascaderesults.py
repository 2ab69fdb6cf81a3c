"""A replay computed: its curve, the chosen threshold and what that does elsewhere, as JSON.

Dollars are kept as text, exactly; what has to be unknown is null.
"""

from decimal import Decimal
from typing import Any

from evals.domain.cascadechoices import Choice, Estimate, Reported, choose, quality_target, report
from evals.domain.cascadechoices import choosing_half as half_of
from evals.domain.cascadecurves import CascadePoint, Curve
from evals.domain.cascades import (
    Dollars,
    PairedItems,
    ceiling,
    mean_usd,
    oracle,
    quantile_95,
    saving_limit,
)
from evals.domain.costs import summarise_costs
from evals.domain.discrimination import discrimination
from evals.domain.sequential import Floats
from evals.domain.specs import GRADED, CandidateSpec, Spec
from evals.domain.trialtables import Flags
from evals.models import CascadeReplay
from evals.queries.cascadegrounds import ReplayGrounds, UnpairedError, replay_grounds
from evals.queries.specs import frozen_spec

Document = dict[str, Any]


def replay_result(replay: CascadeReplay) -> Document:
    """Return the replay's result; the same grounds give the same result.

    Raises:
        UnpairedError: If its runs share too few samples.
    """
    spec = frozen_spec(replay.evaluation)
    grounds = replay_grounds(replay, metric=cascade_metric(spec))
    chosen = _choosing(grounds)
    if chosen.all() or not chosen.any():
        raise UnpairedError(
            "All samples that are shared fall into one half, since they lie in one cluster or are"
            " few. A threshold is chosen on one half and reported on the other."
        )
    items, curve = grounds.items, Curve(grounds.items)
    return {
        "names": {role: candidate.name for role, candidate in grounds.candidates.items()},
        "is_simulated": any(each.is_simulated for each in grounds.candidates.values()),
        "is_estimated": any(map(_is_by_the_hour, grounds.candidates.values())),
        "metric": grounds.metric,
        "unit": grounds.unit,
        "sha256": grounds.sha256,
        "seed": grounds.spec.plan.seed,
        "counts": _counts(grounds, chosen),
        "first": _alone(items.first, items.first_usd, items.first_seconds),
        "second": _alone(items.second, items.second_usd, items.second_seconds),
        "ceiling": ceiling(items),
        "oracle": _oracle(items),
        "saves_below": saving_limit(items),
        "auroc": _auroc(items),
        "curve": [_point(point) for point in curve.points()],
        **_judged(grounds, chosen),
    }


def cascade_metric(spec: Spec) -> str:
    """Return the metric that a cascade is about: the first scorer's that the bar names."""
    scored = [scorer.name for scorer in spec.scorers]
    named = [line.metric for line in spec.bar if line.metric in scored]
    return named[0] if named else scored[0]


def _choosing(grounds: ReplayGrounds) -> Flags:
    """Return which paired items choose the threshold."""
    clusters = grounds.layout.clusters
    names = None if clusters is None else clusters.tolist()
    halves = half_of(grounds.layout.size, seed=grounds.spec.plan.seed, clusters=names)
    return halves[grounds.places]


def _judged(grounds: ReplayGrounds, chosen: Flags) -> Document:
    choosing, reporting = grounds.items.where(chosen), grounds.items.where(~chosen)
    seed = grounds.spec.plan.seed
    target = quality_target(
        grounds.spec.bar,
        grounds.metric,
        first=float(choosing.first.mean()),
        second=float(choosing.second.mean()),
    )
    choice = choose(Curve(choosing), target)
    reported = report(reporting, choice.point.threshold, seed=seed)
    return {
        "choice": _choice(choice),
        "reported": _reported(grounds, reported, reporting),
    }


def _choice(choice: Choice) -> Document:
    return {
        "target": choice.target.quality,
        "words": choice.target.words,
        "is_reached": choice.is_reached,
        "point": _point(choice.point),
    }


def _reported(grounds: ReplayGrounds, reported: Reported, items: PairedItems) -> Document:
    point = reported.point
    return {
        "n": reported.n,
        "point": _point(point),
        "quality": _estimate(reported.quality),
        "against_first": _estimate(reported.against_first),
        "against_second": _estimate(reported.against_second),
        "against_random": _estimate(reported.against_random),
        "usd": None if reported.usd is None else _estimate(reported.usd),
        "per_accepted_usd": _per_accepted(grounds, point.usd, point.quality, reported.n),
        "first": _alone(items.first, items.first_usd, items.first_seconds),
        "second": _alone(items.second, items.second_usd, items.second_seconds),
        "second_per_accepted_usd": _per_accepted(
            grounds, mean_usd(items.second_usd), reported.second, reported.n
        ),
    }


def _per_accepted(
    grounds: ReplayGrounds, usd: Decimal | None, quality: float, n: int
) -> str | None:
    """Return what an accepted answer costs, by the task's own rule for wrong ones."""
    is_graded = grounds.metric in GRADED
    found = summarise_costs(
        None if usd is None else usd * n,
        tasks=n,
        accepted=None if is_graded else round(quality * n),
        task=grounds.spec.task,
    )
    return _text(found.per_accepted_usd)


def _counts(grounds: ReplayGrounds, chosen: Flags) -> Document:
    paired, planned = grounds.items.n, grounds.layout.size
    return {
        "samples": planned,
        "paired": paired,
        "left_out": planned - paired,
        "choosing": int(chosen.sum()),
        "reporting": paired - int(chosen.sum()),
        "trials": grounds.trials,
    }


def _alone(scores: Floats, dollars: Dollars | None, seconds: Floats) -> Document:
    return {
        "quality": float(scores.mean()),
        "usd": _text(mean_usd(dollars)),
        "p95_seconds": quantile_95(seconds),
    }


def _oracle(items: PairedItems) -> Document:
    found = oracle(items)
    return {
        "escalation": found.escalation,
        "quality": found.quality,
        "usd": _text(found.usd),
    }


def _auroc(items: PairedItems) -> Document:
    found = discrimination(items.confidence, items.first)
    return {
        "area": found.area,
        "low": found.interval.low if found.interval else None,
        "high": found.interval.high if found.interval else None,
        "tells_apart": found.tells_apart,
        "right": found.right,
        "wrong": found.wrong,
    }


def _point(point: CascadePoint) -> Document:
    return {
        "threshold": point.threshold,
        "escalated": point.escalated,
        "escalation": point.escalation,
        "quality": point.quality,
        "random_quality": point.random_quality,
        "recovered": point.recovered,
        "usd": _text(point.usd),
        "p95_seconds": point.p95_seconds,
    }


def _estimate(estimate: Estimate) -> Document:
    interval = estimate.interval
    return {
        "value": estimate.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }


def _is_by_the_hour(candidate: CandidateSpec) -> bool:
    return candidate.price is not None and candidate.price.usd_per_hour is not None


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)
