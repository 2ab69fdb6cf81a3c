"""What waits for a person in a team, in one place."""

from collections.abc import Sequence
from datetime import date, datetime

from django.urls import reverse

from evals.models import Report, Team
from evals.queries.reports import EXPIRED, SUPERSEDED, WAITING, ReportRow, ends_soon, report_rows
from evals.queries.reviewitems import ReviewItem, ReviewList, ReviewPage
from evals.queries.reviewruns import waiting_runs
from evals.queries.reviewscores import contradictions
from evals.queries.reviewverdicts import Judged, disagreements, judged_rows, old_verdicts

MOST = 50


def review_page(team: Team, *, now: datetime, may_decide: bool) -> ReviewPage:
    """Return what waits, in seven queries whatever there is."""
    records = report_rows(Report.objects.filter(task__team=team), now=now)
    judged = judged_rows(team)
    return ReviewPage(
        lists=(
            _proposals(records, may_decide=may_decide),
            waiting_runs(team, most=MOST),
            _stale(judged, team, now=now),
            _expiring(records, today=now.date()),
            disagreements(judged, most=MOST),
            contradictions(team, most=MOST),
        )
    )


def _proposals(records: Sequence[ReportRow], *, may_decide: bool) -> ReviewList:
    waiting = [row for row in records if row.standing == WAITING]
    name = "evals:report_decide" if may_decide else "evals:report"
    return ReviewList(
        key="decisions",
        title="Decisions to make",
        lead="An editor proposed a record; an admin decides go, no-go or defer.",
        nothing="No proposal waits for a decision.",
        items=tuple(
            ReviewItem(
                title=f"{row.task}, record {row.number}",
                url=reverse(name, args=[row.pk]),
                badge="proposed",
                level="warning",
                why=f"{row.headline} Proposed by {row.by}.",
                action="Decide" if may_decide else "Read",
                since=row.at,
            )
            for row in waiting[:MOST]
        ),
        more=max(0, len(waiting) - MOST),
        more_url=f"{reverse('evals:reports')}?standing={WAITING}",
    )


def _stale(judged: Sequence[Judged], team: Team, *, now: datetime) -> ReviewList:
    return old_verdicts(judged, team, today=now.date(), most=MOST)


def _expiring(records: Sequence[ReportRow], *, today: date) -> ReviewList:
    counted = [row for row in records if row.standing != SUPERSEDED]
    ending = [row for row in counted if ends_soon(row.expires_on, today=today)]
    ending.sort(key=lambda row: row.expires_on.toordinal() if row.expires_on else 0)
    return ReviewList(
        key="expiring",
        title="Decisions that run out",
        lead="A decision holds until its date; evaluate again and propose the next record.",
        nothing="No decision has expired or is about to.",
        items=tuple(
            ReviewItem(
                title=f"{row.task}, record {row.number}",
                url=reverse("evals:report", args=[row.pk]),
                badge=row.standing,
                level="error" if row.standing == EXPIRED else "warning",
                why=f"{row.status}, until {row.until}.",
                action="Open",
                since=row.at,
            )
            for row in ending[:MOST]
        ),
        more=max(0, len(ending) - MOST),
        more_url=reverse("evals:reports"),
    )
