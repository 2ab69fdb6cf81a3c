"""Decision records in lists and on their own page, and whether their chain is whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from evals.domain.reportdocuments import (
    STATUS_WORDS,
    ReportDocument,
    ReportStatus,
    from_mapping,
)
from evals.domain.seals import ReportFormat, digest, is_signed
from evals.models import Decision, Report, ShareLink, Team, VerdictRow
from evals.queries import figures

REMIND = timedelta(days=14)
WAITING, SUPERSEDED, HOLDS = "waiting", "superseded", "holds"
EXPIRING, EXPIRED, STALE = "expiring", "expired", "stale"
ORDER = (EXPIRED, STALE, EXPIRING, WAITING, HOLDS, SUPERSEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One record in a list. `standing` says whether it counts now.

    A proposal whose grounds have changed still waits, so `has_changed_grounds` says it of all.
    """

    pk: int
    task_id: int
    task: str
    number: int
    headline: str
    status: str
    verdict: str
    standing: str
    has_changed_grounds: bool
    until: str
    by: str
    when: str
    at: datetime
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPage:
    """All records of a team, those first that somebody has to look at."""

    rows: tuple[ReportRow, ...]
    wanted: str
    standings: tuple[str, ...]
    task_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One shared link as its team sees it; the token is told only once, to who made it."""

    pk: int
    note: str
    until: str
    state: str
    views: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """A record with what can be done to it. `broken` is "" where the chain is whole."""

    row: ReportRow
    document: ReportDocument
    evaluation_id: int
    formats: tuple[str, ...]
    links: tuple[LinkRow, ...]
    history: tuple[ReportRow, ...]
    sha256: str
    key_id: str
    broken: str
    can_decide: bool
    stale: tuple[str, ...]


def reports_page(
    team: Team, *, wanted: str, now: datetime, task_id: int | None = None
) -> ReportsPage:
    """Return the records of a team, or of one task of it, in one query."""
    records = Report.objects.filter(task__team=team)
    if task_id is not None:
        records = records.filter(task=task_id)
    rows = report_rows(records, now=now)
    shown = [row for row in rows if wanted in ("", row.standing)]
    shown.sort(key=lambda row: ORDER.index(row.standing))
    return ReportsPage(
        rows=tuple(shown),
        wanted=wanted if wanted in ORDER else "",
        standings=tuple(s for s in ORDER if any(row.standing == s for row in rows)),
        task_id=task_id,
    )


def report_rows(reports: QuerySet[Report], *, now: datetime) -> list[ReportRow]:
    """Return a row for each record by the names of their tasks, in one query."""
    return _rows(with_decisions(reports).order_by("task__name", "-number"), now=now)


def report_page(report: Report, *, now: datetime) -> ReportPage:
    """Return the page of a record, in three queries; select its task, decision and key before."""
    records = list(with_decisions(report.task.reports.all()))
    rows, decision = _rows(records, now=now), _decision(report)
    row = next(each for each in rows if each.pk == report.pk)
    return ReportPage(
        row=row,
        document=current_document(report),
        evaluation_id=report.evaluation_id,
        formats=tuple(kind.value for kind in ReportFormat),
        links=tuple(_link(link, now=now) for link in report.links.all()),
        history=tuple(each for each in rows if each.pk != report.pk),
        sha256=decision.sha256 if decision else report.sha256,
        key_id=report.key.key_id,
        broken=broken_link(records),
        can_decide=row.standing == WAITING,
        stale=stale_reasons(report.evaluation_id),
    )


def current_document(report: Report) -> ReportDocument:
    """Return a record as it stands: with its decision, if there is one."""
    decision = _decision(report)
    return from_mapping(decision.document if decision else report.document)


def broken_link(records: Sequence[Report]) -> str:
    """Return what is wrong with a task's records, "" if every hash and signature holds.

    Args:
        records: All of the task, newest first, with their decisions and keys.
    """
    previous = ""
    for report in sorted(records, key=lambda each: each.number):
        decision = _decision(report)
        signed: list[Report | Decision] = [report, decision] if decision else [report]
        for row in signed:
            if digest(row.document) != row.sha256:
                return f"record {report.number} does not have the content that was signed"
            if row.document["previous_sha256"] != previous:
                return f"record {report.number} does not follow the one before it"
            public = row.key.public_key
            if not is_signed(row.sha256.encode(), signature=row.signature, public_key=public):
                return f"record {report.number} was not signed with the key that it names"
            previous = row.sha256
    return ""


def _decision(report: Report) -> Decision | None:
    return getattr(report, "decision", None)


def with_decisions(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return records with all that a row of them shows, in one query."""
    changed = _changed_verdicts().filter(run__evaluation=OuterRef("evaluation"))
    return reports.select_related(
        "task", "key", "proposed_by", "decision__key", "decision__decided_by"
    ).annotate(has_changed_grounds=Exists(changed))


def _rows(records: Iterable[Report], *, now: datetime) -> list[ReportRow]:
    """Return a row for each; only the newest record of a task counts."""
    listed = list(records)
    newest: dict[int, int] = {}
    for report in listed:
        newest[report.task_id] = max(report.number, newest.get(report.task_id, 0))
    return [
        _row(report, is_newest=report.number == newest[report.task_id], today=now.date())
        for report in listed
    ]


def _row(report: Report, *, is_newest: bool, today: date) -> ReportRow:
    decision = _decision(report)
    document = decision.document if decision else report.document
    who = decision.decided_by if decision else report.proposed_by
    until = decision.expires_on if decision else None
    at = decision.decided_at if decision else report.proposed_at
    is_stale = bool(getattr(report, "has_changed_grounds"))  # noqa: B009 - annotated
    return ReportRow(
        pk=report.pk,
        task_id=report.task_id,
        task=report.task.name,
        number=report.number,
        headline=document["headline"],
        status=STATUS_WORDS[ReportStatus(document["status"])],
        verdict=document["verdict"],
        standing=_standing(decision, is_newest=is_newest, is_stale=is_stale, today=today),
        has_changed_grounds=is_stale,
        until=figures.day(until) if until else "",
        by=str(who) if who else "somebody whose account is gone",
        when=figures.moment(at),
        at=at,
        expires_on=until,
    )


def _standing(decision: Decision | None, *, is_newest: bool, is_stale: bool, today: date) -> str:
    if not is_newest:
        return SUPERSEDED
    if decision is None:
        return WAITING
    if decision.expires_on is not None and decision.expires_on <= today:
        return EXPIRED
    if is_stale:
        return STALE
    return EXPIRING if ends_soon(decision.expires_on, today=today) else HOLDS


def ends_soon(day: date | None, *, today: date) -> bool:
    """Return whether somebody has to be reminded of the day by now."""
    return day is not None and day <= today + REMIND


def _link(link: ShareLink, *, now: datetime) -> LinkRow:
    state = "revoked" if link.revoked_at else "expired" if link.expires_at <= now else "open"
    views = f"viewed {figures.plural(link.views, 'time')}"
    last = link.last_viewed_at
    return LinkRow(
        pk=link.pk,
        note=link.note or "nobody in particular",
        until=figures.moment(link.expires_at),
        state=state,
        views=figures.ago(last, now=now).said(f"{views}, last {{}}") if last else views,
    )


def _changed_verdicts() -> QuerySet[VerdictRow]:
    return VerdictRow.objects.exclude(stale_reason="")


def stale_reasons(evaluation_id: int) -> tuple[str, ...]:
    """Return why the verdicts of an evaluation no longer hold, with whom each is about."""
    rows = _changed_verdicts().filter(run__evaluation=evaluation_id)
    return tuple(
        f"{name}: {reason}"
        for name, reason in rows.order_by("run__position").values_list(
            "run__candidate__name", "stale_reason"
        )
    )
