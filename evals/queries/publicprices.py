"""The table of public prices: which hold on a day, and what a key stands for."""

from collections.abc import Iterable
from datetime import date

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat

from evals.domain.publicprices import partial_price, unknown_key
from evals.domain.specs import PriceSpec
from evals.models import CataloguePrice
from evals.queries.todaysprices import prices_in_effect, public_price

OFFERED = 30


class PriceKeyError(LookupError):
    """No price has the key; says which were perhaps meant."""


def current_prices(*, on: date) -> QuerySet[CataloguePrice]:
    """Return the row of each model that holds on a day, by provider and model."""
    begun = CataloguePrice.objects.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=on))
    newest = F("starts_on").desc(nulls_last=True)
    return begun.order_by("provider", "model", newest).distinct("provider", "model")


def searched(rows: QuerySet[CataloguePrice], words: Iterable[str]) -> QuerySet[CataloguePrice]:
    """Return the rows in which every word occurs, in the provider, the model or its name."""
    for word in words:
        provider, _, model = word.partition(":")
        is_key = Q(provider__iexact=provider, model__icontains=model) if model else Q()
        in_names = Q(model__icontains=word) | Q(model_name__icontains=word)
        in_provider = Q(provider__icontains=word) | Q(provider_name__icontains=word)
        rows = rows.filter(in_names | in_provider | is_key if model else in_names | in_provider)
    return rows


def price_for_key(key: str, *, on: date) -> PriceSpec:
    """Return the price that a key names, as it is charged on a day, with its source.

    Raises:
        PriceKeyError: If there is none, or it charges in a way that no price can say.
    """
    row = prices_in_effect({key}, on=on).get(key)
    if row is None:
        raise PriceKeyError(_unknown(key))
    found = public_price(row)
    if found.is_partial:
        raise PriceKeyError(_sentence(partial_price(key)))
    return found.charged(on=on, edition=row.edition)


def offered_keys(typed: str, *, on: date) -> list[CataloguePrice]:
    """Return a few models for what somebody is typing, the shortest names first."""
    rows = searched(CataloguePrice.objects.all(), typed.split()[:8])
    found = rows.order_by("provider", "model").distinct("provider", "model")
    begun = found.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=on))
    return sorted(begun[: OFFERED * 10], key=lambda row: (len(row.model), row.provider))[:OFFERED]


def _unknown(key: str) -> str:
    keys = CataloguePrice.objects.annotate(key=Concat("provider", Value(":"), "model"))
    known = set(keys.values_list("key", flat=True))
    if not known:
        return "The catalogue has not been loaded yet. Type the figures, or try in a minute."
    return _sentence(unknown_key(key, known, edition="the catalogue"))


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:] + ("" if said.endswith("?") else ".")
