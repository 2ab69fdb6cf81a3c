"""Verdicts that speak for a task today: which are old, and where candidates disagree unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F
from django.db.models.fields.json import KT
from django.urls import reverse

from evals.domain.expiry import expiry_of
from evals.models import Team, VerdictRow
from evals.queries import figures
from evals.queries.access import evaluations_for
from evals.queries.expiries import day, retirements_for
from evals.queries.reviewitems import ReviewItem, ReviewList
from evals.queries.reviewsamples import scored_differing
from evals.queries.standings import speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate's verdict in the evaluation that speaks for its task.

    `differ` counts the samples on which it and the incumbent disagree, None where that is unknown;
    `scored` those among them that a person has scored.
    """

    run_id: int
    title: str
    task_id: int
    state: str
    stale_reason: str
    computed_at: datetime
    priced_on: str | None
    model: str
    differ: int | None
    scored: int


def judged_rows(team: Team) -> list[Judged]:
    """Return the verdicts that speak for the team's tasks, in two queries."""
    found = (
        VerdictRow.objects.filter(
            run__evaluation__in=speaking(evaluations_for(team)).values("pk"), state__isnull=False
        )
        .annotate(
            priced=KT("grounds__result__cost__price__dated_on"),
            won=KT("grounds__result__paired__only_candidate"),
            lost=KT("grounds__result__paired__only_incumbent"),
            identifier=F("run__candidate__model__identifier"),
            candidate=F("run__candidate__name"),
            task=F("run__evaluation__task__name"),
            task_pk=F("run__evaluation__task_id"),
            number=F("run__evaluation__number"),
        )
        .order_by("task", "run__position")
        .defer("grounds")
    )
    rows = list(found)
    seen = scored_differing(team)
    return [_judged(row, seen.get(row.run_id, 0)) for row in rows]


def old_verdicts(judged: Sequence[Judged], team: Team, *, today: date, most: int) -> ReviewList:
    """Return the verdicts that no longer hold, each with why, in one query."""
    retirements = retirements_for(team, [row.model for row in judged])
    items = [
        _old(row, why, badge)
        for row in judged
        for why, badge in [_why(row, retirements.get(row.model), today)]
        if why
    ]
    return ReviewList(
        key="stale",
        title="Verdicts that no longer hold",
        lead="What a verdict rests on has changed or grown old; evaluate again to know.",
        nothing="Every verdict still holds.",
        items=tuple(items[:most]),
        more=max(0, len(items) - most),
        more_url=reverse("evals:portfolio"),
    )


def disagreements(judged: Sequence[Judged], *, most: int) -> ReviewList:
    """Return where a candidate and the incumbent disagree and nobody has looked at all of it."""
    open_rows = [row for row in judged if row.differ and row.scored < row.differ]
    open_rows.sort(key=lambda row: -(row.differ or 0))
    return ReviewList(
        key="samples",
        title="Samples to look at",
        lead="Where a candidate and the incumbent disagree, a person's eye tells most.",
        nothing="No candidate disagrees with its incumbent on a sample that nobody has scored.",
        items=tuple(_samples(row) for row in open_rows[:most]),
        more=max(0, len(open_rows) - most),
        more_url=reverse("evals:compare"),
    )


def _judged(row: VerdictRow, scored: int) -> Judged:
    known = {name: getattr(row, name) for name in ("won", "lost", "priced", "identifier")}
    is_known = known["won"] is not None and known["lost"] is not None
    return Judged(
        run_id=row.run_id,
        title=f"{row.candidate}, {row.task} {row.number}",  # type: ignore[attr-defined]
        task_id=row.task_pk,  # type: ignore[attr-defined]
        state=row.state or "",
        stale_reason=row.stale_reason,
        computed_at=row.computed_at,
        priced_on=known["priced"],
        model=known["identifier"],
        differ=int(known["won"]) + int(known["lost"]) if is_known else None,
        scored=scored,
    )


def _why(row: Judged, retires_on: date | None, today: date) -> tuple[str, str]:
    """Return why a verdict is old and its badge, "" where it still holds."""
    if row.stale_reason:
        return f"{row.stale_reason[0].upper()}{row.stale_reason[1:]}.", "stale"
    expiry = expiry_of(
        computed_on=row.computed_at.date(), priced_on=day(row.priced_on), retires_on=retires_on
    )
    if not expiry.is_past(today):
        return "", ""
    return f"It held until {expiry.on.isoformat()}: {expiry.reason}.", "expired"


def _old(row: Judged, why: str, badge: str) -> ReviewItem:
    return ReviewItem(
        title=row.title,
        url=reverse("evals:task", args=[row.task_id]),
        badge=badge,
        level="warning",
        why=f"{_word(row.state)} of {figures.date(row.computed_at)}. {why}",
        action="To the task",
        since=row.computed_at,
    )


def _word(state: str) -> str:
    """Return a verdict as it is written."""
    return state.replace("_", "-").upper()


def _samples(row: Judged) -> ReviewItem:
    seen = f", {row.scored:,} of them scored by a person" if row.scored else ""
    samples = figures.plural(row.differ or 0, "sample")
    address = reverse("evals:run", args=[row.run_id])
    return ReviewItem(
        title=row.title,
        url=f"{address}?differs=incumbent&human=none",
        badge=f"{row.differ:,}",
        level="info",
        why=f"It and the incumbent disagree on {samples}{seen}.",
        action="Look at them",
        since=row.computed_at,
    )
