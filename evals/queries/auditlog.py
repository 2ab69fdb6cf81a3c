"""The audit log: every change in a team, newest first, by person, action and subject."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from evals.models import AuditEntry, Team
from evals.queries import figures
from evals.queries.evaluationlists import Pager

PAGE = 100
NOBODY = "the system"  # the command line, a worker, or whoever has a shared link
CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What is shown; "" means everybody, everything, every subject."""

    person: str = ""
    action: str = ""
    subject: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The filter as an address says it."""
        pairs = {"person": self.person, "action": self.action, "subject": self.subject}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change."""

    at: str
    iso: str
    person: str
    action: str
    subject: str
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """One page of the log, with what it can be filtered by."""

    rows: tuple[AuditRow, ...]
    chosen: AuditFilter
    people: tuple[str, ...]
    actions: tuple[str, ...]
    file_query: str
    pager: Pager


def audit_page(team: Team, *, chosen: AuditFilter, before: int | None) -> AuditPage:
    """Return one page of a team's log, in three queries."""
    entries = _entries(team, chosen)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries[: PAGE + 1])
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    people, actions = _choices(team)
    return AuditPage(
        rows=tuple(_row(entry) for entry in found[:PAGE]),
        chosen=chosen,
        people=people,
        actions=actions,
        file_query=urlencode(chosen.query),
        pager=_pager(len(found[:PAGE]), chosen, before=before, more=more),
    )


def audit_rows(team: Team, *, chosen: AuditFilter) -> Iterator[AuditRow]:
    """Yield every line that the filter leaves, newest first, however many there are."""
    return map(_row, _entries(team, chosen).iterator(chunk_size=CHUNK))


def _entries(team: Team, chosen: AuditFilter) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(team=team).select_related("user").order_by("-pk")
    if chosen.person == NOBODY:
        entries = entries.filter(user=None, details__by__isnull=True)
    elif chosen.person:
        # Where the account is gone, the line has the name as text.
        was = Q(user=None, details__by=chosen.person)
        entries = entries.filter(Q(user__email=chosen.person) | was)
    if chosen.action:
        entries = entries.filter(action=chosen.action)
    return entries.filter(subject__icontains=chosen.subject) if chosen.subject else entries


def _choices(team: Team) -> tuple[tuple[str, ...], tuple[str, ...]]:
    entries = AuditEntry.objects.filter(team=team).order_by()
    pairs = entries.values_list("user__email", "details__by").distinct()
    people = {email or name for email, name in pairs}
    named = sorted(person for person in people if person)
    actions = sorted(entries.values_list("action", flat=True).distinct())
    return (*named, *([NOBODY] if None in people else [])), tuple(actions)


def _row(entry: AuditEntry) -> AuditRow:
    return AuditRow(
        at=figures.second(entry.at),
        iso=f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
        person=entry.user.email if entry.user else entry.details.get("by", NOBODY),
        action=entry.action,
        subject=entry.subject,
        details=_words(entry.details),
    )


def _words(details: Mapping[str, Any]) -> str:
    """Return what a line says besides, "role: viewer · before: editor"."""
    said = {name: value for name, value in details.items() if name != "by"}
    return " · ".join(f"{n.replace('_', ' ')}: {_said(v)}" for n, v in said.items())


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: figures.UNKNOWN}[value]
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    return str(value)


def _pager(shown: int, chosen: AuditFilter, *, before: int | None, more: int | None) -> Pager:
    first = "?" + urlencode(chosen.query)
    return Pager(
        summary=figures.plural(shown, "change") + (" on this page" if more or before else ""),
        previous_url=first if before is not None else "",
        next_url="?" + urlencode({**chosen.query, "before": more}) if more else "",
    )
