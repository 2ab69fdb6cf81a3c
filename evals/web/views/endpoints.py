"""Endpoints: what serves the candidates, and the keys that this takes."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from evals.domain.specendpoints import is_shared
from evals.models import Endpoint
from evals.queries import access
from evals.queries.endpointprices import endpoint_prices_of, model_label
from evals.queries.endpoints import endpoint_page, endpoints_page
from evals.queries.specs import endpoint_spec
from evals.services.endpointprices import end_endpoint_price, set_endpoint_price
from evals.services.retuning import retune_endpoint
from evals.services.secrets import store_secret
from evals.web.auth import TeamRequest, editor_required, member_required
from evals.web.forms.endpoints import EndpointForms, KeyForm, LimitsForm
from evals.web.forms.prices import EndpointPriceForm, PriceEndForm
from evals.web.pages import form_page


@require_safe
@member_required
def endpoints(request: TeamRequest) -> HttpResponse:
    """Show every endpoint and who uses it."""
    return render(request, "evals/endpoints.html", {"page": endpoints_page(request.team)})


@require_safe
@member_required
def endpoint(request: TeamRequest, endpoint_id: int) -> HttpResponse:
    """Show one endpoint in full, but for its key."""
    return _page(request, _found(request, endpoint_id))


@require_POST
@sensitive_post_parameters("key")
@editor_required
def endpoint_key(request: TeamRequest, endpoint_id: int) -> HttpResponse:
    """Put another key in the place of the endpoint's."""
    found = get_object_or_404(
        access.endpoints_for(request.team).select_related("secret"),
        pk=endpoint_id,
        secret__isnull=False,
    )
    form = KeyForm(request.POST)
    if not form.is_valid() or found.secret is None:
        return _page(request, found, key=form)
    key, name = form.cleaned_data["key"], found.secret.name
    store_secret(team=request.team, name=name, value=key, user=request.user)
    messages.success(request, f"The key “{name}” has been replaced.")
    return redirect("evals:endpoint", found.pk)


@require_POST
@editor_required
def endpoint_limits(request: TeamRequest, endpoint_id: int) -> HttpResponse:
    """Set how fast all workers together may ask the endpoint, while they do."""
    found = _found(request, endpoint_id)
    if not is_shared(endpoint_spec(found)):
        raise Http404
    form = LimitsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, limits=form)
    if retune_endpoint(endpoint=found, user=request.user, **form.limits()):
        messages.success(request, "Set. Workers follow within a second or two.")
    return redirect("evals:endpoint", found.pk)


@require_POST
@editor_required
def endpoint_price(request: TeamRequest, endpoint_id: int) -> HttpResponse:
    """Say what the endpoint charges for one of its models from now on."""
    found = _found(request, endpoint_id)
    form = EndpointPriceForm(request.POST, models=endpoint_prices_of(found).models)
    if not form.is_valid():
        return _page(request, found, price=form)
    model, now = form.chosen_model, timezone.now()
    set_endpoint_price(endpoint=found, model=model, price=form.price, user=request.user, now=now)
    messages.success(request, f"New evaluations charge {model_label(model)} at this price.")
    return redirect("evals:endpoint", found.pk)


@require_POST
@editor_required
def endpoint_price_end(request: TeamRequest, endpoint_id: int) -> HttpResponse:
    """Let candidates' own prices count again."""
    found = _found(request, endpoint_id)
    form = PriceEndForm(request.POST)
    number = form.cleaned_data["model"] if form.is_valid() else None
    served = {model.pk: model for model in endpoint_prices_of(found).models}
    if number not in served:
        raise Http404
    model = served[number]
    if end_endpoint_price(endpoint=found, model=model, user=request.user, now=timezone.now()):
        messages.success(request, f"Candidates' own prices count again for {model_label(model)}.")
    return redirect("evals:endpoint", found.pk)


def _page(
    request: TeamRequest,
    found: Endpoint,
    *,
    key: KeyForm | None = None,
    limits: LimitsForm | None = None,
    price: EndpointPriceForm | None = None,
) -> HttpResponse:
    about = endpoint_page(found)
    if price is None and about.prices.models:
        price = EndpointPriceForm(models=about.prices.models)
    if limits is None and about.use is not None:
        limits = LimitsForm(initial=about.use.set_here)
    forms = EndpointForms(key=key or KeyForm(), limits=limits, price=price)
    return form_page(request, "evals/endpoint.html", forms, about)


def _found(request: TeamRequest, endpoint_id: int) -> Endpoint:
    found = access.endpoints_for(request.team).select_related("secret")
    return get_object_or_404(found, pk=endpoint_id)
