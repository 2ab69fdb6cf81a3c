"""Prices as JSON values with exact amounts: how tables keep them, and how they are compared."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from evals.domain.specs import PriceSpec, PriceTier

_TEXTS = frozenset({"gpu", "catalogue", "source"})


def price_figures(price: PriceSpec) -> dict[str, Any]:
    """Return a price as JSON values, what it leaves open left out; amounts are texts."""
    return {
        field.name: _json_value(value)
        for field in fields(price)
        if (value := getattr(price, field.name)) not in (None, ())
    }


def price_of(figures: Mapping[str, Any]) -> PriceSpec:
    """Return the price that `price_figures` wrote; what else stands beside it is left alone."""
    known = {field.name for field in fields(PriceSpec)}
    return PriceSpec(**{key: _read(key, figures[key]) for key in figures if key in known})


def same_figures(one: PriceSpec | None, other: PriceSpec | None) -> bool:
    """Return whether two prices charge alike, whoever says so and since when."""
    return _bare(one) == _bare(other)


def _bare(price: PriceSpec | None) -> PriceSpec | None:
    if price is None:
        return None
    return replace(price, catalogue=None, source=None, dated_on=None)


def _json_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_tier_values(tier) for tier in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def _tier_values(tier: PriceTier) -> dict[str, Any]:
    said = {field.name: getattr(tier, field.name) for field in fields(tier)}
    start = said.pop("above_input_tokens")
    amounts = {name: str(value) for name, value in said.items() if value is not None}
    return {"above_input_tokens": start, **amounts}


def _read(key: str, value: Any) -> Any:
    if key == "tiers":
        return tuple(_tier(each) for each in value)
    if key == "dated_on":
        return date.fromisoformat(value)
    return value if key in _TEXTS else Decimal(value)


def _tier(values: Mapping[str, Any]) -> PriceTier:
    amounts = {key: Decimal(value) for key, value in values.items() if key != "above_input_tokens"}
    return PriceTier(above_input_tokens=values["above_input_tokens"], **amounts)
