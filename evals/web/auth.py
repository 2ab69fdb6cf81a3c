"""Who asks, for which team, and whether they may write; strangers find nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from evals.models import Membership, Team, User
from evals.queries import access

P = ParamSpec("P")
TEAM_KEY = "team"
SAFE = ("GET", "HEAD")


class TeamRequest(HttpRequest):
    """A request by a signed-in member; `team` is the one that is switched to."""

    user: User
    team: Team
    membership: Membership


View = Callable[Concatenate[TeamRequest, P], HttpResponseBase]
AnyView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def member_required(view: View[P]) -> AnyView[P]:
    """Let members of a team in; others are asked to sign in, the teamless are told so."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(_after_sign_in(request))
        member = _with_team(request, request.user)
        if member is None:
            return render(request, "registration/no_team.html")
        return view(member, *args, **kwargs)

    return checked


def editor_required(view: View[P]) -> AnyView[P]:
    """Let members in who may write; for viewers the page does not exist."""

    @wraps(view)
    def checked(request: TeamRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not access.may_write(request.membership):
            raise Http404
        return view(request, *args, **kwargs)

    return member_required(checked)


def admin_required(view: View[P]) -> AnyView[P]:
    """Let members in who may sign and manage; for all others the page does not exist."""

    @wraps(view)
    def checked(request: TeamRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not access.may_decide(request.membership):
            raise Http404
        return view(request, *args, **kwargs)

    return member_required(checked)


def _after_sign_in(request: HttpRequest) -> str:
    """Return the page that was asked for, or the one whose button was pressed."""
    if request.method in SAFE:
        return request.get_full_path()
    page: str = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return reverse("evals:portfolio")
    parts = urlsplit(page)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _with_team(request: HttpRequest, user: User) -> TeamRequest | None:
    """Attach the team of the session, or the first one; None for a user of no team."""
    memberships = list(access.memberships_of(user))
    if not memberships:
        return None
    wanted = request.session.get(TEAM_KEY)
    chosen = next((m for m in memberships if m.team_id == wanted), memberships[0])
    request.team, request.membership, request.memberships = chosen.team, chosen, memberships  # type: ignore[attr-defined]
    return request  # type: ignore[return-value]
