"""What candidates cost today: what the team says of an endpoint, else the public price."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from django.db.models import F, Q

from evals.domain.pricefigures import price_of
from evals.domain.publicprices import PublicPrice, read_figures
from evals.domain.specs import CandidateSpec, PriceSpec
from evals.models import Candidate, CataloguePrice, EndpointPrice
from evals.queries.specs import price_spec


def todays_prices(candidates: Collection[Candidate], *, on: date) -> dict[int, PriceSpec | None]:
    """Return each candidate's price by its id, None where it is unknown; in two queries at most."""
    own = {candidate.pk: price_spec(candidate.price) for candidate in candidates}
    said = endpoint_prices(candidates)
    keys = {price.catalogue for price in own.values() if price and price.catalogue}
    public = prices_in_effect(keys, on=on)
    found: dict[int, PriceSpec | None] = {}
    for candidate in candidates:
        override = said.get((candidate.endpoint_id, candidate.model_id))
        found[candidate.pk] = override or _public(own[candidate.pk], public, on)
    return found


def at_todays_prices(
    candidates: Collection[Candidate], specs: Iterable[CandidateSpec], *, on: date
) -> tuple[CandidateSpec, ...]:
    """Return the candidates' specs, in their order, with what each costs today."""
    prices = todays_prices(candidates, on=on)
    pairs = zip(candidates, specs, strict=True)
    return tuple(replace(spec, price=prices[candidate.pk]) for candidate, spec in pairs)


def endpoint_prices(candidates: Iterable[Candidate]) -> dict[tuple[int, int], PriceSpec]:
    """Return what the team says, by endpoint and model; what it has ended is not there."""
    pairs = {(candidate.endpoint_id, candidate.model_id) for candidate in candidates}
    endpoints, models = {endpoint for endpoint, _ in pairs}, {model for _, model in pairs}
    rows = EndpointPrice.objects.filter(endpoint__in=endpoints, model__in=models)
    rows = rows.order_by("endpoint", "model", "-pk").distinct("endpoint", "model")
    return {
        (row.endpoint_id, row.model_id): said_price(row) for row in rows if row.figures is not None
    }


def said_price(row: EndpointPrice) -> PriceSpec:
    """Return a team's own price with its source and date; it has to have figures."""
    source = row.source or "set on the endpoint's page"
    return replace(price_of(row.figures or {}), source=source, dated_on=row.dated_on)


def prices_in_effect(keys: Collection[str], *, on: date) -> dict[str, CataloguePrice]:
    """Return the public price that holds on a day, by key, in one query; none for no keys."""
    if not keys:
        return {}
    parts = [key.partition(":") for key in keys]
    rows = CataloguePrice.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=on),
        provider__in={provider for provider, _, _ in parts},
        model__in={model for _, _, model in parts},
    ).order_by(F("starts_on").asc(nulls_first=True))
    return {key: row for row in rows if (key := f"{row.provider}:{row.model}") in keys}


def public_price(row: CataloguePrice) -> PublicPrice:
    """Return a row of the table as the value that it was made of."""
    return PublicPrice(
        provider=row.provider,
        provider_name=row.provider_name,
        model=row.model,
        model_name=row.model_name,
        starts_on=row.starts_on,
        source_url=row.source_url,
        **read_figures(row.figures),
    )


def _public(own: PriceSpec | None, public: dict[str, CataloguePrice], on: date) -> PriceSpec | None:
    """Return the public price of today where the candidate's was taken from there, else its own."""
    row = public.get(own.catalogue or "") if own else None
    if own is None or row is None:
        return own
    price = public_price(row)
    if price.is_partial:
        return own
    return replace(price.charged(on=on, edition=row.edition), batch_multiplier=own.batch_multiplier)
