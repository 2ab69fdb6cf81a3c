"""The team's page: its members, and the invitations that wait for somebody."""

from dataclasses import dataclass
from datetime import datetime

from evals.models import Membership, OneTimeLink, Role, Team
from evals.models.teams import LinkPurpose
from evals.queries import figures
from evals.queries.access import ASCENDING, may_decide

RIGHTS = {
    Role.VIEWER: "reads everything",
    Role.EDITOR: "also writes: tasks, candidates, evaluations",
    Role.ADMIN: "also signs decisions and manages the team",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChoice:
    """A role with what it may do."""

    value: str
    label: str
    rights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member. `is_fixed`: the only admin, who can be neither demoted nor removed."""

    pk: int
    email: str
    role: str
    role_label: str
    since: str
    seen: str
    is_oneself: bool
    is_fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation that can still be used; its token is told only once, to who made it."""

    pk: int
    email: str
    role: str
    by: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPage:
    """Who is in the team. Invitations are shown to those who may revoke them."""

    name: str
    summary: str
    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]
    roles: tuple[RoleChoice, ...]


def team_page(membership: Membership, *, now: datetime) -> TeamPage:
    """Return the page for one of the members, in two queries."""
    team = membership.team
    members = tuple(_members(team, membership))
    return TeamPage(
        name=team.name,
        summary=figures.plural(len(members), "member"),
        members=members,
        invitations=tuple(_invitations(team, now=now)) if may_decide(membership) else (),
        roles=role_choices(ASCENDING),
    )


def role_choices(roles: tuple[Role, ...]) -> tuple[RoleChoice, ...]:
    """Return roles as one chooses among them."""
    return tuple(RoleChoice(value=r.value, label=r.label, rights=RIGHTS[r]) for r in roles)


def _members(team: Team, own: Membership) -> list[MemberRow]:
    rows = list(team.memberships.select_related("user").order_by("user__email"))
    admins = sum(row.role == Role.ADMIN for row in rows)
    return [
        MemberRow(
            pk=row.pk,
            email=row.user.email,
            role=row.role,
            role_label=Role(row.role).label,
            since=figures.date(row.created_at),
            seen=figures.date(row.user.last_login) if row.user.last_login else "never signed in",
            is_oneself=row.pk == own.pk,
            is_fixed=row.role == Role.ADMIN and admins == 1,
        )
        for row in rows
    ]


def _invitations(team: Team, *, now: datetime) -> list[InvitationRow]:
    links = OneTimeLink.objects.filter(
        team=team,
        purpose=LinkPurpose.INVITATION,
        used_at__isnull=True,
        revoked_at__isnull=True,
        expires_at__gt=now,
    )
    return [
        InvitationRow(
            pk=link.pk,
            email=link.email,
            role=Role(link.role).label,
            by=str(link.created_by) if link.created_by else figures.UNKNOWN,
            until=figures.moment(link.expires_at),
        )
        for link in links.select_related("created_by").order_by("-pk")
    ]
