"""The team's API tokens: which there are, what each may do, and when it was last used."""

from dataclasses import dataclass
from datetime import datetime

from evals.models import ApiToken, Membership, Role
from evals.queries import figures
from evals.queries.access import may_decide


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token. `state` is open, expired or revoked."""

    pk: int
    name: str
    prefix: str
    role: str
    by: str
    made: str
    until: str
    used: str
    state: str
    can_revoke: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage:
    """All tokens of a team, those that open something first."""

    rows: tuple[TokenRow, ...]


def tokens_page(membership: Membership, *, now: datetime) -> TokensPage:
    """Return the page for one of the members, in one query."""
    tokens = ApiToken.objects.filter(team=membership.team).select_related("created_by")
    rows = [_row(token, membership, now=now) for token in tokens]
    return TokensPage(rows=tuple(sorted(rows, key=lambda row: row.state != "open")))


def may_revoke(token: ApiToken, membership: Membership) -> bool:
    """Return whether the member made the token, or manages the team."""
    return token.created_by_id == membership.user_id or may_decide(membership)


def _row(token: ApiToken, membership: Membership, *, now: datetime) -> TokenRow:
    state = _state(token, now=now)
    return TokenRow(
        pk=token.pk,
        name=token.name,
        prefix=token.prefix,
        role=Role(token.role).label,
        by=str(token.created_by),
        made=figures.date(token.created_at),
        until=figures.date(token.expires_at) if token.expires_at else "until revoked",
        used=figures.ago(token.last_used_at, now=now) if token.last_used_at else "never",
        state=state,
        can_revoke=state == "open" and may_revoke(token, membership),
    )


def _state(token: ApiToken, *, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= now else "open"
