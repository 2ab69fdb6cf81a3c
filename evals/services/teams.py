"""Teams and people: the default team, and the link that makes the first admin."""

from datetime import datetime, timedelta

from django.db import transaction

from evals.models import Membership, OneTimeLink, Role, Team, User
from evals.models.teams import LinkPurpose
from evals.services.audit import record
from evals.services.tokenhashes import fresh_token, token_hash

LINK_LIFETIME = timedelta(hours=24)
_FIRST = {"purpose": LinkPurpose.FIRST_ADMIN, "used_at": None}


def default_team() -> Team:
    """Return the team that work from the command line belongs to."""
    return Team.objects.get_or_create(slug="default", defaults={"name": "Default team"})[0]


@transaction.atomic
def create_admin_link(*, now: datetime) -> str | None:
    """Return a fresh token for the first admin's link, or None once there is a user."""
    if User.objects.exists():
        return None
    token = fresh_token()
    OneTimeLink.objects.all().delete()
    OneTimeLink.objects.create(token_hash=token_hash(token), expires_at=now + LINK_LIFETIME)
    return token


def is_open_link(token: str, *, now: datetime) -> bool:
    """Return whether the link can still be used."""
    return OneTimeLink.objects.filter(
        **_FIRST, token_hash=token_hash(token), expires_at__gt=now
    ).exists()


@transaction.atomic
def make_first_admin(*, token: str, email: str, password: str, now: datetime) -> User | None:
    """Use the link up and return the admin of the default team; None if it was used meanwhile."""
    used = OneTimeLink.objects.filter(
        **_FIRST, token_hash=token_hash(token), expires_at__gt=now
    ).update(used_at=now)
    if not used or User.objects.exists():
        return None
    user = User.objects.create_user(email, password)
    team = default_team()
    Membership.objects.create(team=team, user=user, role=Role.ADMIN)
    record(team=team, user=user, action="first admin made", subject=user.email)
    return user


@transaction.atomic
def change_password(*, user: User, team: Team, password: str) -> None:
    """Store a new password; the line in the audit log says that, never what."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(team=team, user=user, action="password changed", subject=user.email)
