"""Signing in and out, the first admin, one's own password, and the team one works for."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from evals.models import User
from evals.queries import access
from evals.services import teams
from evals.web.auth import TEAM_KEY, TeamRequest, member_required
from evals.web.forms.account import FirstAdminForm, PasswordChangeForm, SignInForm
from evals.web.pages import form_page, posted
from evals.web.parameters import row_number


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by e-mail and password, and go on to where one wanted to."""
    if request.user.is_authenticated:
        return redirect(_next_page(request))
    form = SignInForm(request, posted(request))
    if not form.is_valid():
        return form_page(request, "registration/sign_in.html", form, _next_page(request))
    login(request, form.get_user())
    return redirect(_next_page(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password", "again")
@never_cache
def first_admin(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first admin by the link that the start printed, and sign them in."""
    if not teams.is_open_link(token, now=timezone.now()):
        return render(request, "registration/link_gone.html", status=410)
    form = FirstAdminForm(posted(request), user=User())
    if not form.is_valid():
        return form_page(request, "registration/first_admin.html", form)
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    now = timezone.now()
    user = teams.make_first_admin(token=token, email=email, password=password, now=now)
    if user is None:
        return render(request, "registration/link_gone.html", status=410)
    login(request, user)
    return redirect("evals:portfolio")


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("current", "password", "again")
@member_required
def account(request: TeamRequest) -> HttpResponse:
    """Show who one is here, and take a new password."""
    form = PasswordChangeForm(posted(request), user=request.user)
    if not form.is_valid():
        return form_page(request, "evals/account.html", form, request.membership)
    password = form.cleaned_data["password"]
    teams.change_password(user=request.user, team=request.team, password=password)
    update_session_auth_hash(request, request.user)
    messages.success(request, "Your password has been changed.")
    return redirect("evals:account")


@require_POST
@member_required
def team_switch(request: TeamRequest) -> HttpResponse:
    """Work for another of one's teams from now on."""
    wanted = row_number(request.POST.get("team"))
    mine = access.memberships_of(request.user)
    membership = get_object_or_404(mine, team_id=wanted or 0)
    request.session[TEAM_KEY] = membership.team_id
    return redirect("evals:portfolio")


def _next_page(request: HttpRequest) -> str:
    """Return where `next` points, if that is a page of this very site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
