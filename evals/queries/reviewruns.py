"""Runs that need a hand: paused by what only a person can put right, or failed."""

from django.db.models import F, Max, Q
from django.urls import reverse

from evals.models import Run, Team
from evals.models.evaluations import RunState
from evals.queries.access import runs_for
from evals.queries.reviewitems import ReviewItem, ReviewList
from evals.queries.reviewtotals import TOTAL, not_shown


def waiting_runs(team: Team, *, most: int) -> ReviewList:
    """Return paused runs, and failed ones of each task's latest evaluation, in one query."""
    latest = Max("evaluation__task__evaluations__number")
    found = (
        runs_for(team)
        .filter(state__in=(RunState.PAUSED, RunState.FAILED))
        .annotate(latest=latest)
        .filter(Q(state=RunState.PAUSED) | Q(evaluation__number=F("latest")))
        .select_related("candidate", "evaluation__task")
        .annotate(total=TOTAL)
        .order_by("-evaluation_id", "position")
    )
    runs = list(found[:most])
    return ReviewList(
        key="runs",
        title="Runs that need a hand",
        lead="Resume a paused run or retry its failures once the cause is gone; nothing is lost.",
        nothing="No run is paused or has failed.",
        items=tuple(_item(run) for run in runs),
        more=not_shown(runs),
        more_url=reverse("evals:evaluations"),
    )


def _item(run: Run) -> ReviewItem:
    return ReviewItem(
        title=f"{run.candidate.name}, {run.evaluation.task.name} {run.evaluation.number}",
        url=reverse("evals:evaluation", args=[run.evaluation_id]),
        badge=run.state,
        level="error" if run.state == RunState.FAILED else "warning",
        why=run.message or "Nobody wrote down why.",
        action="Open",
        since=run.finished_at or run.started_at,
    )
