"""Who is in a team: roles, and what goes when a member goes. A team never loses its last admin."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Func, JSONField, Value

from evals.models import AuditEntry, Membership, Role, Team, Upload, User
from evals.services.audit import record
from evals.services.evalsets import forget_upload
from evals.services.onetimelinks import end_links_by, forget_links
from evals.services.tokens import revoke_tokens_of


class MemberError(Exception):
    """What was asked for cannot be done to this member; the message says why."""


@transaction.atomic
def change_role(*, membership: Membership, role: Role, user: User, now: datetime) -> bool:
    """Give a member another role; False if they have it. Tokens above it are revoked.

    Raises:
        MemberError: If the team would have no admin any more.
    """
    membership = _locked(membership)
    if membership.role == role:
        return False
    if role != Role.ADMIN:
        _check_not_the_last_admin(membership)
        end_links_by(team=membership.team, user=membership.user, now=now)
    before = membership.role
    membership.role = role
    membership.save(update_fields=["role"])
    team, member = membership.team, membership.user
    revoked = revoke_tokens_of(team=team, owner=member, above=role, user=user, now=now)
    details = {"before": before, "role": role, "revoked_tokens": revoked}
    record(team=team, user=user, action="role changed", subject=member.email, **details)
    return True


@transaction.atomic
def remove_member(*, membership: Membership, user: User, now: datetime) -> bool:
    """Take a member out of a team; whether their account went too, for want of another team.

    Their tokens and links end. Their name stays in the audit log, as text where the account goes.

    Raises:
        MemberError: If the team would have no admin any more.
    """
    membership = _locked(membership)
    _check_not_the_last_admin(membership)
    team, member = membership.team, membership.user
    revoke_tokens_of(team=team, owner=member, above=None, user=user, now=now)
    forget_links(team=team, user=member, now=now)
    for upload in Upload.objects.filter(team=team, created_by=member):
        forget_upload(upload=upload)
    membership.delete()
    goes = not (member.is_superuser or Membership.objects.filter(user=member).exists())
    details = {"role": membership.role, "account_deleted": goes}
    record(team=team, user=user, action="member removed", subject=member.email, **details)
    if goes:
        _delete_account(member)
    return goes


def _locked(membership: Membership) -> Membership:
    """Return the membership as it is now; no other change to the team's members goes on."""
    Team.objects.select_for_update().get(pk=membership.team_id)
    found = Membership.objects.select_related("team", "user").filter(pk=membership.pk).first()
    if found is None:
        raise MemberError("this member was removed a moment ago")
    return found


def _check_not_the_last_admin(membership: Membership) -> None:
    admins = Membership.objects.filter(team=membership.team, role=Role.ADMIN)
    if membership.role == Role.ADMIN and not admins.exclude(pk=membership.pk).exists():
        raise MemberError(
            f"{membership.user} is the only admin of {membership.team}: make another one first"
        )


def _delete_account(member: User) -> None:
    """Delete a user; audit lines keep the name as text."""
    named = Func(
        F("details"),
        Value({"by": member.email}, JSONField()),
        template="%(expressions)s",
        arg_joiner=" || ",
        output_field=JSONField(),
    )
    AuditEntry.objects.filter(user=member).update(details=named)
    member.delete()
