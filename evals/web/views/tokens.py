"""API tokens: the team's list, making one, and revoking it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evals.models import ApiToken
from evals.queries.tokens import may_revoke, tokens_page
from evals.services.tokens import TokenError, make_token, revoke_token
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.team import TokenForm
from evals.web.onceshown import OnceShown, is_spent, once_shown, spend
from evals.web.pages import form_page, posted


@require_safe
@member_required
def team_tokens(request: TeamRequest) -> HttpResponse:
    """Show the team's tokens, never what they are."""
    page = tokens_page(request.membership, now=timezone.now())
    return render(request, "evals/team_tokens.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@editor_required
def team_token_new(request: TeamRequest) -> HttpResponse:
    """Take a name, a role and an end, and show the token this once."""
    form = TokenForm(posted(request), membership=request.membership)
    if not form.is_valid():
        return form_page(request, "evals/team_token_new.html", form)
    mark, now = form.cleaned_data["once"], timezone.now()
    if is_spent(request, mark):
        messages.info(request, "That token is made already, and is not shown again.")
        return redirect("evals:team_tokens")
    try:
        row, token = make_token(membership=request.membership, wish=form.wish(now), now=now)
    except TokenError as error:
        form.add_error(None, str(error))
        return form_page(request, "evals/team_token_new.html", form)
    spend(request, mark)
    return once_shown(request, _shown(row, token))


@require_POST
@editor_required
def team_token_revoke(request: TeamRequest, token_id: int) -> HttpResponse:
    """Let a token open nothing any more: one's own, or as an admin anybody's."""
    tokens = ApiToken.objects.filter(team=request.team).select_related("team")
    token = get_object_or_404(tokens, pk=token_id)
    if not may_revoke(token, request.membership):
        raise Http404
    if revoke_token(token=token, user=request.user, now=timezone.now()):
        messages.success(
            request,
            f"The token “{token.name}” opens nothing any more. Whoever used it needs another one.",
        )
    return redirect("evals:team_tokens")


def _shown(row: ApiToken, token: str) -> OnceShown:
    return OnceShown(
        title=f"The token “{row.name}”",
        text="Keep it where your secrets are: it is not shown again.",
        secret=token,
        back="evals:team_tokens",
        section="API tokens",
    )
