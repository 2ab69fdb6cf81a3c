"""One-time links: invitations to a team and password resets; only the token's hash is stored."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from evals.models import Membership, OneTimeLink, Role, Team, User
from evals.models.teams import LinkPurpose
from evals.services.audit import record
from evals.services.tokenhashes import fresh_token, token_hash

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=24)


class LinkError(Exception):
    """A link that cannot be made or used; the message says why."""


@transaction.atomic
def invite(*, by: Membership, email: str, role: Role, now: datetime) -> tuple[OneTimeLink, str]:
    """Return an invitation and its token, which is told this once; earlier ones to them end.

    Raises:
        LinkError: If somebody of that e-mail is in the team already.
    """
    if by.team.memberships.filter(user__email__iexact=email).exists():
        raise LinkError(f"{email} is in the team already")
    _open(by.team, LinkPurpose.INVITATION, now).filter(email__iexact=email).update(revoked_at=now)
    token = fresh_token()
    link = OneTimeLink.objects.create(
        purpose=LinkPurpose.INVITATION,
        token_hash=token_hash(token),
        team=by.team,
        email=email,
        role=role,
        created_by=by.user,
        expires_at=now + INVITATION_LASTS,
    )
    record(team=by.team, user=by.user, action="member invited", subject=email, role=role)
    return link, token


@transaction.atomic
def revoke_invitation(*, link: OneTimeLink, team: Team, user: User, now: datetime) -> None:
    """Let an invitation lead nowhere from now on; a second time changes nothing."""
    if _open(team, LinkPurpose.INVITATION, now).filter(pk=link.pk).update(revoked_at=now):
        record(team=team, user=user, action="invitation revoked", subject=link.email)


@transaction.atomic
def make_reset_link(*, by: Membership, member: Membership, now: datetime) -> str:
    """Return the token of a link that sets a member's password; earlier ones to them end.

    Raises:
        LinkError: If the member also works for a team that the maker does not manage: whoever
            sets a password can sign in with it there too.
    """
    user = member.user
    if not may_reset(by.user, user):
        raise LinkError(
            f"{user} also works for a team that you do not manage; whoever runs this instance"
            " can set a new password on the command line"
        )
    _open(by.team, LinkPurpose.PASSWORD_RESET, now).filter(user=user).update(revoked_at=now)
    token = fresh_token()
    OneTimeLink.objects.create(
        purpose=LinkPurpose.PASSWORD_RESET,
        token_hash=token_hash(token),
        team=by.team,
        user=user,
        created_by=by.user,
        expires_at=now + RESET_LASTS,
    )
    record(team=by.team, user=by.user, action="password link made", subject=user.email)
    return token


def may_reset(admin: User | None, user: User) -> bool:
    """Return whether the admin manages every team of the user."""
    if admin is None:
        return False
    managed = Membership.objects.filter(user=admin, role=Role.ADMIN).values("team")
    return not Membership.objects.filter(user=user).exclude(team__in=managed).exists()


def open_link(*, token: str, purpose: LinkPurpose, now: datetime) -> OneTimeLink | None:
    """Return the link that a token opens, with its team and people; None if it opens none."""
    return (
        OneTimeLink.objects.select_related("team", "user", "created_by")
        .filter(_is_open(now), token_hash=token_hash(token), purpose=purpose, team__isnull=False)
        .first()
    )


@transaction.atomic
def sign_up(*, link: OneTimeLink, password: str, now: datetime) -> User:
    """Use an invitation up for a new user of its e-mail, who is a member from then on.

    Raises:
        LinkError: If it was used up meanwhile, or somebody has that e-mail.
    """
    _use_up(link, now)
    if User.objects.filter(email__iexact=link.email).exists():
        raise LinkError(
            "No account was made. If you have one here, sign in first and open the link again."
        )
    user = User.objects.create_user(link.email, password)
    _enter(link, user)
    return user


@transaction.atomic
def join(*, link: OneTimeLink, user: User, now: datetime) -> None:
    """Use an invitation up for somebody who has an account.

    Raises:
        LinkError: If it was used up meanwhile, or they are in the team already.
    """
    _use_up(link, now)
    if Membership.objects.filter(team=link.team, user=user).exists():
        raise LinkError("You are in this team already; the link can still be used by somebody.")
    _enter(link, user)


@transaction.atomic
def reset_password(*, link: OneTimeLink, password: str, now: datetime) -> User:
    """Use a link up and give its user another password, which ends their sessions.

    Raises:
        LinkError: If it was used up meanwhile, or its maker may not do this any more.
    """
    _use_up(link, now)
    assert link.user is not None  # noqa: S101 - a password reset has a user
    if not may_reset(link.created_by, link.user):
        raise LinkError("This link cannot be used any more. Ask for another one.")
    link.user.set_password(password)
    link.user.save(update_fields=["password"])
    _record(link, link.user, "password set by link")
    return link.user


def forget_links(*, team: Team, user: User, now: datetime) -> None:
    """Forget links to somebody who leaves a team, and end those that they made and may know."""
    theirs = Q(user=user) | Q(email__iexact=user.email)
    OneTimeLink.objects.filter(theirs, team=team).delete()
    end_links_by(team=team, user=user, now=now)


def end_links_by(*, team: Team, user: User, now: datetime) -> None:
    """End the open links that somebody made who manages the team no more."""
    OneTimeLink.objects.filter(_is_open(now), team=team, created_by=user).update(revoked_at=now)


def _is_open(now: datetime) -> Q:
    return Q(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)


def _open(team: Team, purpose: LinkPurpose, now: datetime) -> QuerySet[OneTimeLink]:
    return OneTimeLink.objects.filter(_is_open(now), team=team, purpose=purpose)


def _use_up(link: OneTimeLink, now: datetime) -> None:
    if not OneTimeLink.objects.filter(_is_open(now), pk=link.pk).update(used_at=now):
        raise LinkError("This link cannot be used any more. Ask for another one.")


def _enter(link: OneTimeLink, user: User) -> None:
    assert link.team is not None  # noqa: S101 - an invitation has a team
    Membership.objects.create(team=link.team, user=user, role=link.role)
    _record(link, user, "member joined", role=link.role, invited_as=link.email)


def _record(link: OneTimeLink, user: User, action: str, **details: str) -> None:
    assert link.team is not None  # noqa: S101 - see `open_link`
    record(team=link.team, user=user, action=action, subject=user.email, **details)
