"""Decision records: an editor proposes, an admin decides; each is hashed, chained and signed."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from evals.domain.reportdocuments import (
    ReportDocument,
    ReportStatus,
    Section,
    Signature,
    from_mapping,
    to_mapping,
)
from evals.domain.seals import digest, sign
from evals.models import Candidate, Decision, Evaluation, Report, ShareLink, Task, User
from evals.models.decisions import Outcome
from evals.queries.reportdocuments import report_document
from evals.queries.reportfirst import grounds_changed
from evals.queries.reports import stale_reasons
from evals.services.audit import record
from evals.services.signing import instance_key

TOKEN_BYTES = 24
LONGEST_SHARE = timedelta(days=365)


class DecisionError(Exception):
    """What was asked for cannot be done to this record; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What an admin decides: `candidate` is the one that is moved to, for a go."""

    outcome: Outcome
    reason: str
    candidate: Candidate | None = None
    expires_on: date | None = None


@transaction.atomic
def propose_report(*, evaluation: Evaluation, user: User, now: datetime) -> Report:
    """Return the frozen record of an evaluation, which waits for a decision.

    It follows the task's latest record by that one's hash; one that nobody has decided on by then
    never will be.

    Raises:
        DecisionError: If the evaluation has no verdicts.
    """
    task = Task.objects.select_for_update(no_key=True).get(pk=evaluation.task_id)
    latest = task.reports.select_related("decision").first()
    number = latest.number + 1 if latest else 1
    try:
        document = report_document(evaluation, now=now)
    except ValueError as error:
        raise DecisionError(str(error)) from None
    document = replace(
        document,
        status=ReportStatus.PROPOSED,
        number=number,
        proposed_by=str(user),
        supersedes=latest.number if latest else None,
        previous_sha256=last_hash(latest) if latest else "",
    )
    row, private = instance_key()
    mapping = to_mapping(document)
    sha256 = digest(mapping)
    report = Report.objects.create(
        task=task,
        evaluation=evaluation,
        number=number,
        document=mapping,
        sha256=sha256,
        previous_sha256=document.previous_sha256,
        key=row,
        signature=sign(sha256.encode(), private),
        proposed_by=user,
        proposed_at=now,
    )
    record(team=task.team, user=user, action="report proposed", subject=_name(report))
    return report


@transaction.atomic
def decide(*, report: Report, ruling: Ruling, user: User, now: datetime) -> Decision:
    """Return the decision on a record, which can never be changed: another record supersedes it.

    Raises:
        DecisionError: If it was decided on before, a later record took its place, no reason is
            given, or a go names no candidate of the evaluation.
    """
    task = Task.objects.select_for_update(no_key=True).get(pk=report.task_id)
    _check(report, ruling, task)
    document = decided_document(report, ruling, user=user, now=now)
    row, private = instance_key()
    mapping = to_mapping(document)
    sha256 = digest(mapping)
    decision = Decision.objects.create(
        report=report,
        outcome=ruling.outcome,
        candidate=ruling.candidate,
        reason=ruling.reason.strip(),
        decided_by=user,
        decided_at=now,
        expires_on=ruling.expires_on,
        document=mapping,
        sha256=sha256,
        signature=sign(sha256.encode(), private),
        key=row,
    )
    record(
        team=task.team,
        user=user,
        action=f"decided: {ruling.outcome.label}",
        subject=_name(report),
        reason=ruling.reason.strip(),
    )
    return decision


def decided_document(
    report: Report, ruling: Ruling, *, user: User, now: datetime
) -> ReportDocument:
    """Return a record with the decision on it, which follows the record as proposed."""
    found = from_mapping(report.document)
    return replace(
        found,
        first=_with_grounds(_with_choice(found, ruling.candidate), report),
        status=ReportStatus(ruling.outcome.value),
        previous_sha256=report.sha256,
        decision=Signature(
            outcome=ruling.outcome.label,
            candidate=ruling.candidate.name if ruling.candidate else "",
            reason=ruling.reason.strip(),
            by=str(user),
            at=f"{now:%Y-%m-%d %H:%M} UTC",
            expires_on=ruling.expires_on.isoformat() if ruling.expires_on else None,
        ),
    )


def _with_choice(document: ReportDocument, candidate: Candidate | None) -> Section:
    """Return the first page, which says so where the choice is not whom it speaks of."""
    first = document.first
    if candidate is None or first.title.endswith(f" {candidate.name}"):
        return first
    said = f"The choice is {candidate.name}, whose figures stand under What was considered."
    return replace(first, paragraphs=(said, *first.paragraphs))


def _with_grounds(first: Section, report: Report) -> Section:
    """Return the first page, which says what has changed since the record was proposed."""
    said = grounds_changed(stale_reasons(report.evaluation_id))
    known = first.paragraphs
    return replace(first, paragraphs=(*(each for each in said if each not in known), *known))


def last_hash(report: Report) -> str:
    """Return the hash that the next record has to name."""
    decision = getattr(report, "decision", None)
    return decision.sha256 if decision else report.sha256


@transaction.atomic
def share_report(
    *, report: Report, user: User, expires_at: datetime, now: datetime, note: str = ""
) -> tuple[ShareLink, str]:
    """Return a link that shows this report alone, and its token, which is told this once.

    Raises:
        DecisionError: If it would expire in the past or in more than a year.
    """
    if not now < expires_at <= now + LONGEST_SHARE:
        raise DecisionError("a link expires between now and a year from now")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = ShareLink.objects.create(
        report=report,
        token_hash=_hash(token),
        note=note.strip(),
        created_by=user,
        expires_at=expires_at,
    )
    details = {"for": note.strip(), "until": expires_at.isoformat()}
    record(
        team=report.task.team, user=user, action="report shared", subject=_name(report), **details
    )
    return link, token


@transaction.atomic
def revoke_link(*, link: ShareLink, user: User, now: datetime) -> None:
    """Let a link show nothing from now on; a second time changes nothing."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=now):
        record(
            team=link.report.task.team,
            user=user,
            action="shared link revoked",
            subject=_name(link.report),
        )


@transaction.atomic
def open_shared(*, token: str, now: datetime) -> Report | None:
    """Return the report that a token shows, and write down that it was looked at.

    None if the link never was, has expired, or was revoked.
    """
    link = (
        ShareLink.objects.select_related("report__task__team", "report__decision")
        .filter(token_hash=_hash(token), revoked_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if link is None:
        return None
    ShareLink.objects.filter(pk=link.pk).update(views=F("views") + 1, last_viewed_at=now)
    team = link.report.task.team
    record(team=team, user=None, action="shared report viewed", subject=_name(link.report))
    return link.report


def _check(report: Report, ruling: Ruling, task: Task) -> None:
    if Decision.objects.filter(report=report).exists():
        raise DecisionError("this record was decided on; propose another one")
    if task.reports.filter(number__gt=report.number).exists():
        raise DecisionError("a later record took this one's place; decide on that one")
    if not ruling.reason.strip():
        raise DecisionError("a decision needs a reason")
    runs = report.evaluation.runs.filter(is_incumbent=False)
    if ruling.outcome is Outcome.GO:
        if ruling.candidate is None:
            raise DecisionError("a go names the candidate that is moved to")
        if not runs.filter(candidate=ruling.candidate).exists():
            raise DecisionError(f"{ruling.candidate.name} was not evaluated against the incumbent")
    elif ruling.candidate is not None:
        raise DecisionError("only a go names a candidate")


def _name(report: Report) -> str:
    return f"{report.task.name} record {report.number}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
