"""API tokens: made by a member in a role not above their own, told once, revocable."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from evals.models import ApiToken, Membership, Role, Team, User
from evals.queries.access import may_write, roles_up_to
from evals.services.audit import record
from evals.services.tokenhashes import fresh_token, token_hash

MARK = "via_"  # so that a scanner for leaked secrets can know ours
PREFIX = 12
USE_NOTED = timedelta(minutes=1)


class TokenError(Exception):
    """A token that cannot be made; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """What a token is asked to be. `expires_at` None: until it is revoked."""

    name: str
    role: Role
    expires_at: datetime | None


@transaction.atomic
def make_token(*, membership: Membership, wish: TokenWish, now: datetime) -> tuple[ApiToken, str]:
    """Return a new token's row and the token itself, which is told this once.

    Raises:
        TokenError: If its role is above its maker's, or it would have expired already.
    """
    if not may_write(membership):
        raise TokenError("a viewer makes no tokens")
    if wish.role not in roles_up_to(membership.role):
        raise TokenError(f"found the role {wish.role.label}, expected one not above your own")
    if wish.expires_at is not None and wish.expires_at <= now:
        raise TokenError("found a day that has passed, expected a later one")
    token = MARK + fresh_token()
    row = ApiToken.objects.create(
        team=membership.team,
        name=wish.name,
        prefix=token[:PREFIX],
        token_hash=token_hash(token),
        role=wish.role,
        created_by=membership.user,
        expires_at=wish.expires_at,
    )
    until = wish.expires_at.date().isoformat() if wish.expires_at else None
    _record(row, membership.user, "token made", role=row.role, until=until)
    return row, token


@transaction.atomic
def revoke_token(*, token: ApiToken, user: User | None, now: datetime) -> bool:
    """Let a token open nothing from now on; False if it did not any more."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)
    if revoked:
        _record(token, user, "token revoked")
    return bool(revoked)


def revoke_tokens_of(
    *, team: Team, owner: User, above: Role | None, user: User | None, now: datetime
) -> int:
    """Revoke a member's tokens of a team, those of a higher role than `above` alone if given."""
    theirs = ApiToken.objects.select_related("team").filter(
        team=team, created_by=owner, revoked_at__isnull=True
    )
    if above is not None:
        theirs = theirs.exclude(role__in=roles_up_to(above))
    return sum(revoke_token(token=token, user=user, now=now) for token in theirs)


def token_holder(*, token: str, now: datetime) -> ApiToken | None:
    """Return the row of a token that opens something now, with its team; None for any other.

    It ends with its maker's membership. That it was used is written down once a minute at most.
    """
    row = (
        ApiToken.objects.select_related("team", "created_by")
        .filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            token_hash=token_hash(token),
            revoked_at__isnull=True,
            created_by__is_active=True,
            created_by__memberships__team=F("team"),
        )
        .first()
    )
    if row is not None:
        _note_use(row, now)
    return row


def _note_use(row: ApiToken, now: datetime) -> None:
    if row.last_used_at is not None and row.last_used_at > now - USE_NOTED:
        return
    unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED)
    if ApiToken.objects.filter(unnoted, pk=row.pk).update(last_used_at=now):
        row.last_used_at = now


def _record(row: ApiToken, user: User | None, action: str, **details: str | None) -> None:
    record(team=row.team, user=user, action=action, subject=row.name, prefix=row.prefix, **details)
