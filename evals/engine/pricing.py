"""The public prices of genai-prices as our own prices. Nobody else imports the library.

Loading it takes half a second, so this module is imported where a price is looked up.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from genai_prices.data import providers
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from evals.domain.publicprices import PublicPrice, partial_price, unknown_key
from evals.domain.specs import PriceSpec, PriceTier
from evals.engine.priceedition import edition

FIGURES = {
    "input_mtok": "input_usd_per_mtok",
    "output_mtok": "output_usd_per_mtok",
    "cache_read_mtok": "cached_input_usd_per_mtok",
    "cache_write_mtok": "cache_write_usd_per_mtok",
}
PER_REQUEST = "requests_kcount"
BATCH = {"processing": "batch"}
PEAK = "the dearest hours' price"


class UnknownPriceError(LookupError):
    """No price has the key; says which were perhaps meant."""


@cache
def public_prices() -> tuple[PublicPrice, ...]:
    """Return every price of text tokens, the rows of a model from the oldest to the newest."""
    return tuple(
        row for provider in providers for model in provider.models for row in _rows(provider, model)
    )


def price_on(key: str, *, on: date) -> PriceSpec:
    """Return the price that a key names, as it is charged on that day, with source and date.

    Raises:
        UnknownPriceError: If there is none, or it charges in a way that no price can say.
    """
    rows = [row for row in public_prices() if row.key.lower() == key.strip().lower()]
    if not rows:
        known = {row.key for row in public_prices()}
        raise UnknownPriceError(unknown_key(key, known, edition=edition()))
    in_effect = [row for row in rows if row.starts_on is None or row.starts_on <= on] or rows[:1]
    if in_effect[-1].is_partial:
        raise UnknownPriceError(partial_price(key))
    return in_effect[-1].charged(on=on, edition=edition())


def key_for(model: str, *, base_url: str | None = None, provider: str | None = None) -> str | None:
    """Return the key of the price that a model has at an address or provider, None if none is."""
    try:
        found, info = get_snapshot().find_provider_model(model, None, provider, base_url)
    except LookupError:
        return None
    at_home = next((each for each in providers if info in each.models), found)
    key = f"{at_home.id}:{info.id}"
    return key if any(row.key == key for row in public_prices()) else None


def _rows(provider: Provider, model: ModelInfo) -> Iterator[PublicPrice]:
    """Yield the prices of a model by the day they start, each at its dearest hours."""
    dated, by_hour = _timeline(model)
    days = sorted(dated, key=lambda day: (day is not None, day))
    for day in days:
        has_hours = bool(by_hour) and day == days[-1]
        charged = max([dated[day], *by_hour], key=_input_price) if has_hours else dated[day]
        price = _price(charged)
        if not price.charges_tokens:
            continue
        beside = sorted(name for name in vars(charged) if name not in {*FIGURES, PER_REQUEST})
        yield PublicPrice(
            provider=provider.id,
            provider_name=provider.name,
            model=model.id,
            model_name=model.name or model.id,
            starts_on=day,
            price=price,
            source_url=next(iter(provider.pricing_urls or ()), ""),
            also=(*map(_words, beside), *((PEAK,) if has_hours else ())),
            is_partial=bool(vars(charged).get(PER_REQUEST)),
            batch_offered=_batch(model, charged),
        )


def _timeline(model: ModelInfo) -> tuple[dict[date | None, ModelPrice], list[ModelPrice]]:
    """Return the prices by the day they start, and those that hold at some hours of each day."""
    if isinstance(model.prices, ModelPrice):
        return {None: model.prices}, []
    dated: dict[date | None, ModelPrice] = {}
    by_hour = []
    for each in model.prices:
        if isinstance(each.constraint, TimeOfDateConstraint):
            by_hour.append(each.prices)
        else:
            dated[_start(each)] = each.prices
    return dated, by_hour


def _start(price: ConditionalPrice) -> date | None:
    constraint = price.constraint
    return constraint.start_date if isinstance(constraint, StartDateConstraint) else None


def _price(charged: ModelPrice) -> PriceSpec:
    said = {ours: vars(charged).get(theirs) for theirs, ours in FIGURES.items()}
    tiered = {name: price for name, price in said.items() if isinstance(price, TieredPrices)}
    starts = sorted({tier.start for price in tiered.values() for tier in price.tiers})
    tiers = tuple(_tier(start, tiered) for start in starts)
    amounts: dict[str, Any] = {name: _base(price) for name, price in said.items()}
    return PriceSpec(tiers=tiers, **amounts)


def _tier(start: int, tiered: dict[str, TieredPrices]) -> PriceTier:
    amounts: dict[str, Any] = {
        name: tier.price
        for name, price in tiered.items()
        for tier in price.tiers
        if tier.start == start
    }
    return PriceTier(above_input_tokens=start, **amounts)


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price.base if isinstance(price, TieredPrices) else price


def _input_price(charged: ModelPrice) -> Decimal:
    return _base(vars(charged).get("input_mtok")) or Decimal(0)


def _batch(model: ModelInfo, charged: ModelPrice) -> Decimal | None:
    """Return what share of the price a batch costs, None where that is not one share of all."""
    variants = [each.prices for each in model.price_variants or () if each.when == BATCH]
    standard = _price(charged)
    if not variants or not standard.input_usd_per_mtok or not standard.output_usd_per_mtok:
        return None
    batch = _price(variants[0])
    if batch.input_usd_per_mtok is None or batch.output_usd_per_mtok is None:
        return None
    share = batch.input_usd_per_mtok / standard.input_usd_per_mtok
    is_one_share = batch.output_usd_per_mtok == share * standard.output_usd_per_mtok
    return share if is_one_share and share <= 1 else None


def _words(name: str) -> str:
    """Return "web searches" for web_searches_kcount."""
    stem = name.rpartition("_")[0] if name.endswith(("_mtok", "_kcount", "_mchars")) else name
    return stem.replace("_", " ")
