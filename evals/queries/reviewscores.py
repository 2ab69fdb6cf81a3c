"""Trials that a person scored otherwise than the scorer did."""

from django.db.models import F, FloatField, Func, Value
from django.db.models.functions import Abs, Cast
from django.urls import reverse

from evals.models import HumanScore, Team
from evals.queries import figures
from evals.queries.humanmasks import AGAINST
from evals.queries.reviewitems import ReviewItem, ReviewList
from evals.queries.reviewtotals import TOTAL, not_shown


def contradictions(team: Team, *, most: int) -> ReviewList:
    """Return the newest human scores that contradict the automatic ones, in one query."""
    automatic = Func(F("trial__scores"), F("scorer"), function="jsonb_extract_path_text")
    found = (
        HumanScore.objects.filter(trial__run__evaluation__task__team=team, withdrawn_at=None)
        .annotate(automatic=Cast(automatic, FloatField()))
        .annotate(apart=Abs(F("value") - F("automatic")))
        .filter(apart__gte=Value(AGAINST))
        .annotate(total=TOTAL)
        .select_related("trial__run__candidate", "trial__run__evaluation__task", "created_by")
        .defer("trial__output", "trial__details", "trial__error", "trial__run__evaluation__spec")
        .order_by("-created_at")
    )
    scores = list(found[:most])
    return ReviewList(
        key="contradictions",
        title="Human scores that contradict the scorer",
        lead="Either the scorer is wrong about these, or the person is; the verdict rests on the "
        "scorer alone.",
        nothing="No human score contradicts the automatic one.",
        items=tuple(_item(score) for score in scores),
        more=not_shown(scores),
        more_url=reverse("evals:evaluations"),
    )


def _item(score: HumanScore) -> ReviewItem:
    run = score.trial.run
    automatic: float = score.automatic  # type: ignore[attr-defined]
    by = str(score.created_by) if score.created_by else "somebody who has left"
    note = f" “{score.note}”" if score.note else ""
    label = figures.metric_label(score.scorer)
    address = reverse("evals:trial", args=[run.pk, score.trial_id])
    return ReviewItem(
        title=f"{run.candidate.name}, {run.evaluation.task.name} {run.evaluation.number}",
        url=f"{address}?human=against",
        badge="contradicts",
        level="warning",
        why=f"{label} {automatic:g}, {by} says {score.value:g}.{note}",
        action="Look",
        since=score.created_at,
    )
