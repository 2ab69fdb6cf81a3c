"""What holders of a one-time link see: an invitation to a team, or a new password."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from evals.models import OneTimeLink, User
from evals.models.teams import LinkPurpose
from evals.services import onetimelinks
from evals.services.onetimelinks import LinkError
from evals.web import throttle
from evals.web.auth import TEAM_KEY
from evals.web.forms.account import NewPasswordForm
from evals.web.pages import form_page, posted

# What is tried in the place of an e-mail that is tried; it has no @, so it is nobody's.
LINKS = "one-time links"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "again")
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of an invitation into its team, with a new account or with their own."""
    link = _opened(request, token, LinkPurpose.INVITATION)
    if link is None:
        return _gone(request)
    if isinstance(request.user, User):
        return _join_as(request, link, request.user)
    form = NewPasswordForm(posted(request), user=User(email=link.email))
    if form.is_valid():
        password = form.cleaned_data["password"]
        try:
            user = onetimelinks.sign_up(link=link, password=password, now=timezone.now())
        except LinkError as error:
            throttle.count(request.META["REMOTE_ADDR"], LINKS)
            form.add_error(None, str(error))
        else:
            return _enter(request, link, user)
    return form_page(request, "registration/join.html", form, link)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "again")
@never_cache
def password_reset(request: HttpRequest, token: str) -> HttpResponse:
    """Take a new password by a link, and sign its user in."""
    link = _opened(request, token, LinkPurpose.PASSWORD_RESET)
    if link is None or link.user is None:
        return _gone(request)
    form = NewPasswordForm(posted(request), user=link.user)
    if form.is_valid():
        password = form.cleaned_data["password"]
        try:
            user = onetimelinks.reset_password(link=link, password=password, now=timezone.now())
        except LinkError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Your password has been changed.")
            return _enter(request, link, user)
    return form_page(request, "registration/password_reset.html", form, link)


def _join_as(request: HttpRequest, link: OneTimeLink, user: User) -> HttpResponse:
    if request.method == "POST":
        try:
            onetimelinks.join(link=link, user=user, now=timezone.now())
        except LinkError as error:
            messages.error(request, str(error))
            return redirect("evals:team")
        request.session[TEAM_KEY] = link.team_id
        messages.success(request, f"Welcome to {link.team}.")
        return redirect("evals:portfolio")
    return render(request, "registration/join_as.html", {"page": link})


def _enter(request: HttpRequest, link: OneTimeLink, user: User) -> HttpResponse:
    login(request, user)
    request.session[TEAM_KEY] = link.team_id
    return redirect("evals:portfolio")


def _opened(request: HttpRequest, token: str, purpose: LinkPurpose) -> OneTimeLink | None:
    """Return the link; None if it opens nothing, or the address has tried too many of late."""
    address = request.META["REMOTE_ADDR"]
    if throttle.is_closed(address, LINKS):
        return None
    link = onetimelinks.open_link(token=token, purpose=purpose, now=timezone.now())
    if link is None:
        throttle.count(address, LINKS)
    return link


def _gone(request: HttpRequest) -> HttpResponse:
    """Say that a link opens nothing; not whether it ever did, or for whom."""
    is_closed = throttle.is_closed(request.META["REMOTE_ADDR"], LINKS)
    page = {"minutes": throttle.MINUTES if is_closed else None}
    status = 429 if is_closed else 410
    return render(request, "registration/one_time_link_gone.html", {"page": page}, status=status)
