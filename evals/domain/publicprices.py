"""A public price of a model at a provider, and the keys by which such prices are named."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from evals.domain.pricefigures import price_figures, price_of
from evals.domain.specs import PriceSpec

MOST_NEAR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPrice:
    """What a provider says a model costs from `starts_on`; None: as far back as anybody knows.

    `also` names what is charged beside text tokens, in words. `is_partial` says that each request
    costs something too, so that the price of tokens alone would understate it. `batch_offered` is
    the share of the price that the provider's batch interface takes.
    """

    provider: str
    provider_name: str
    model: str
    model_name: str
    starts_on: date | None
    price: PriceSpec
    source_url: str
    also: tuple[str, ...] = ()
    is_partial: bool = False
    batch_offered: Decimal | None = None

    @property
    def key(self) -> str:
        """The name by which specs and forms refer to it, "openai:gpt-4.1"."""
        return f"{self.provider}:{self.model}"

    @property
    def figures(self) -> dict[str, Any]:
        """The price as JSON values, with what stands beside it."""
        beside = {
            "also": list(self.also),
            "is_partial": self.is_partial,
            "batch_offered": None if self.batch_offered is None else str(self.batch_offered),
        }
        return price_figures(self.price) | {name: said for name, said in beside.items() if said}

    def charged(self, *, on: date, edition: str) -> PriceSpec:
        """Return the price as a candidate carries it, with its source and the day it was taken."""
        since = f", since {self.starts_on.isoformat()}" if self.starts_on else ""
        said = f"{edition}{since}"
        source = f"{said}: {self.source_url}" if self.source_url else said
        return replace(self.price, catalogue=self.key, source=source, dated_on=on)


def read_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `PublicPrice.figures` wrote, by the names of its fields."""
    offered = figures.get("batch_offered")
    return {
        "price": price_of(figures),
        "also": tuple(figures.get("also", ())),
        "is_partial": bool(figures.get("is_partial")),
        "batch_offered": None if offered is None else Decimal(offered),
    }


def near_keys(key: str, known: Collection[str]) -> list[str]:
    """Return a few known keys that may have been meant: alike, or of the same model elsewhere."""
    _, _, model = key.lower().partition(":")
    lowered = {name.lower(): name for name in known}
    alike = get_close_matches(key.lower(), lowered, n=MOST_NEAR, cutoff=0.7)
    elsewhere = [name for name in lowered if model and name.endswith((f":{model}", f"/{model}"))]
    found = dict.fromkeys([*alike, *elsewhere])
    return [lowered[name] for name in found][:MOST_NEAR]


def unknown_key(key: str, known: Collection[str], *, edition: str) -> str:
    """Return what to say of a key that no price has."""
    near = ", ".join(map(repr, near_keys(key, known)))
    hint = f"; did you mean {near}?" if near else ", expected a provider and a model of it"
    return f"found no price {key!r} in {edition}{hint}"


def partial_price(key: str) -> str:
    """Return why a price cannot be taken as it is."""
    return (
        f"{key!r} charges for each request beside its tokens, which one price cannot say: "
        "write the figures that hold for you"
    )
