"""The team: its members, their roles, invitations, and links for a new password."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.models import Membership, OneTimeLink
from evals.models.teams import LinkPurpose
from evals.queries.members import team_page
from evals.services.members import MemberError, change_role, remove_member
from evals.services.onetimelinks import LinkError, invite, make_reset_link, revoke_invitation
from evals.web.auth import TeamRequest, admin_required, member_required
from evals.web.forms.team import InviteForm, RoleForm
from evals.web.onceshown import OnceShown, once_shown
from evals.web.pages import form_page, posted
from evals.web.undo import done

AGAIN = "Invite them again to let them in."


@require_safe
@member_required
def team(request: TeamRequest) -> HttpResponse:
    """Show who is in the team."""
    page = team_page(request.membership, now=timezone.now())
    return render(request, "evals/team.html", {"page": page})


@require_POST
@admin_required
def team_member_role(request: TeamRequest, member_id: int) -> HttpResponse:
    """Give a member another role."""
    membership, form = _found(request, member_id), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed: choose a role.")
        return redirect("evals:team")
    role, before = form.cleaned_data["role"], membership.role
    try:
        if change_role(membership=membership, role=role, user=request.user, now=timezone.now()):
            words = f"{membership.user} is now {role.label.lower()}."
            done(request, words, "team_member_role", member_id, role=before)
    except MemberError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect("evals:team")


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def team_member_remove(request: TeamRequest, member_id: int) -> HttpResponse:
    """Ask whether to remove a member, and remove them."""
    membership = _found(request, member_id)
    if request.method != "POST":
        return render(request, "evals/team_member_remove.html", {"page": membership})
    try:
        gone = remove_member(membership=membership, user=request.user, now=timezone.now())
    except MemberError as error:
        messages.error(request, f"Nobody was removed: {error}.")
    else:
        account = ", and so is the account: it was in no other team" if gone else ""
        messages.success(request, f"{membership.user} is removed from the team{account}. {AGAIN}")
    return redirect("evals:team")


@require_POST
@never_cache
@admin_required
def team_member_password(request: TeamRequest, member_id: int) -> HttpResponse:
    """Make a link that sets a member's password, and show it this once."""
    membership = _found(request, member_id)
    try:
        token = make_reset_link(by=request.membership, member=membership, now=timezone.now())
    except LinkError as error:
        messages.error(request, f"No link was made: {error}.")
        return redirect("evals:team")
    title = f"A new password for {membership.user}"
    return _link_shown(request, title, "24 hours", reverse("evals:password_reset", args=[token]))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@admin_required
def team_invite(request: TeamRequest) -> HttpResponse:
    """Take an e-mail and a role, and show the link that lets them in this once."""
    form = InviteForm(posted(request))
    if form.is_valid():
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            _, token = invite(by=request.membership, email=email, role=role, now=timezone.now())
        except LinkError as error:
            form.add_error("email", str(error))
        else:
            title = f"An invitation for {email}"
            return _link_shown(request, title, "7 days", reverse("evals:join", args=[token]))
    return form_page(request, "evals/team_invite.html", form)


@require_POST
@admin_required
def team_invitation_revoke(request: TeamRequest, link_id: int) -> HttpResponse:
    """Let an invitation lead nowhere any more."""
    invitations = OneTimeLink.objects.filter(team=request.team, purpose=LinkPurpose.INVITATION)
    link = get_object_or_404(invitations, pk=link_id)
    revoke_invitation(link=link, team=request.team, user=request.user, now=timezone.now())
    messages.success(request, f"The invitation leads nowhere any more. {AGAIN}")
    return redirect("evals:team")


def _found(request: TeamRequest, member_id: int) -> Membership:
    mine = Membership.objects.filter(team=request.team).select_related("team", "user")
    return get_object_or_404(mine, pk=member_id)


def _link_shown(request: TeamRequest, title: str, lasts: str, path: str) -> HttpResponse:
    page = OnceShown(
        title=title,
        text=f"Send this link to them. It works once, for {lasts}, and is not shown again.",
        secret=request.build_absolute_uri(path),
        back="evals:team",
        section="Members",
    )
    return once_shown(request, page)
