"""Public prices, and what has changed since the team's verdicts."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evals.queries.pricechanges import changes_page
from evals.queries.pricelists import prices_page
from evals.queries.pricepages import price_page
from evals.queries.publicprices import offered_keys
from evals.web.auth import TeamRequest, member_required

LONGEST = 200  # of what is searched


@require_safe
@member_required
def prices(request: TeamRequest) -> HttpResponse:
    """Show the public prices of today, searched and by provider."""
    page = prices_page(
        search=_said(request, "q"),
        provider=_said(request, "provider"),
        after=_said(request, "after"),
        on=timezone.now().date(),
    )
    return render(request, "evals/prices.html", {"page": page})


@require_safe
@member_required
def price(request: TeamRequest, provider: str, model: str) -> HttpResponse:
    """Show what a model costs and has cost, and who uses its price."""
    today = timezone.now().date()
    if "\0" in provider + model:  # no column can hold it
        raise Http404
    page = price_page(provider=provider, model=model, team=request.team, on=today)
    if page is None:
        raise Http404
    return render(request, "evals/price.html", {"page": page})


@require_safe
@member_required
def price_changes(request: TeamRequest) -> HttpResponse:
    """Show the verdicts whose candidate costs something else today."""
    today = timezone.now().date()
    page = changes_page(request.team, shows_all="all" in request.GET, on=today)
    return render(request, "evals/price_changes.html", {"page": page})


@require_safe
@member_required
def price_options(request: TeamRequest) -> HttpResponse:
    """Show the fragment with the keys that somebody who is typing may mean."""
    typed = _said(request, "price_catalogue")
    rows = offered_keys(typed, on=timezone.now().date())
    return render(request, "evals/_price_options.html", {"page": rows})


def _said(request: TeamRequest, name: str) -> str:
    """Return a parameter without what no column can hold."""
    return request.GET.get(name, "")[:LONGEST].replace("\0", "").strip()
