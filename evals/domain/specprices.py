"""What a candidate of a spec file charges: by tokens, by requests or by the hour."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from evals.domain.specnumbers import money, whole
from evals.domain.specs import PriceSpec, PriceTier
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, list_of, optional, text, text_up_to

TOKEN_AMOUNTS: Mapping[str, Read] = {
    "input_usd_per_mtok": optional(money),
    "output_usd_per_mtok": optional(money),
    "cached_input_usd_per_mtok": optional(money),
    "cache_write_usd_per_mtok": optional(money),
}
TIER: Mapping[str, Read] = {"above_input_tokens": whole(minimum=1), **TOKEN_AMOUNTS}


def tier(value: Value) -> PriceTier:
    """Read what tokens cost in long prompts."""
    section = Section(value)
    read = section.read(TIER, required=("above_input_tokens",))
    if all(read.get(name) is None for name in TOKEN_AMOUNTS) and section.has_only(TIER):
        section.note("found no amount, expected what tokens cost above so many")
    return PriceTier(**{"above_input_tokens": 0, **read})


def tiers(value: Value) -> tuple[PriceTier, ...]:
    """Read the tiers, each with a threshold of its own."""
    read = list_of(tier, noun="tier")(value)
    starts = [each.above_input_tokens for each in read]
    for index, item in enumerate(value.items()):
        if starts[index] in starts[:index]:
            item.note(f"found a second tier above {starts[index]:,} tokens, expected one")
    return read


def factor(value: Value) -> Decimal:
    """Read what prices are multiplied by."""
    read = money(value)
    if not read:
        value.refuse("a factor above 0, 0.5 for half the price")
    return read


def day(value: Value) -> date:
    """Read a date."""
    written = text(value)
    try:
        return date.fromisoformat(written)
    except ValueError:
        value.refuse("a date such as 2026-11-01")
        return date.min


def catalogue_key(value: Value) -> str:
    """Read which public price is meant."""
    key = text_up_to(400)(value)
    provider, colon, model = key.partition(":")
    if key.strip() and not (provider.strip() and colon and model.strip()):
        value.refuse("a provider and a model, as in openai:gpt-4.1")
    return key


PRICE: Mapping[str, Read] = {
    "input_usd_per_mtok": optional(money),
    "output_usd_per_mtok": optional(money),
    "usd_per_request": optional(money),
    "gpu": optional(text),
    "usd_per_hour": optional(money),
    "cached_input_usd_per_mtok": optional(money),
    "cache_write_usd_per_mtok": optional(money),
    "batch_multiplier": optional(factor),
    "tiers": tiers,
    "catalogue": optional(catalogue_key),
    "source": optional(text_up_to(1000)),
    "dated_on": optional(day),
}
_WAYS = {
    "token prices": (*TOKEN_AMOUNTS, "tiers"),
    "usd_per_request": ("usd_per_request",),
    "usd_per_hour": ("usd_per_hour", "gpu"),
}
_BOTH = ("input_usd_per_mtok", "output_usd_per_mtok")
_BESIDE_BOTH = ("cached_input_usd_per_mtok", "cache_write_usd_per_mtok", "tiers")


def price(value: Value) -> PriceSpec:
    """Read a price, which charges in one way."""
    section = Section(value)
    read = section.read(PRICE)
    given = [key for key in read if not section.item(key).is_nothing]
    if problem := _problem(given):
        section.note(problem)
    elif not _says_something(given) and section.has_only(PRICE):
        section.note("found no amount, expected one, or no price where it is unknown")
    return PriceSpec(**read)


def _says_something(given: Sequence[str]) -> bool:
    amounts = [key for keys in _WAYS.values() for key in keys]
    return any(key in given for key in (*amounts, "catalogue"))


def _problem(given: Sequence[str]) -> str | None:
    """Return why the keys do not fit each other."""
    ways = [way for way, keys in _WAYS.items() if any(key in given for key in keys)]
    if len(ways) > 1:
        return f"found {' and '.join(ways)}, expected one way of charging"
    if "gpu" in given and "usd_per_hour" not in given:
        return "found a gpu without usd_per_hour, expected both"
    missing = [key for key in _BOTH if key not in given]
    beside = [key for key in _BESIDE_BOTH if key in given]
    if beside and missing:
        return f"found {beside[0]} without {missing[0]}, expected both"
    is_about_tokens = ways in (["token prices"], []) and (ways or "catalogue" in given)
    if "batch_multiplier" in given and not is_about_tokens:
        return "found a batch_multiplier without token prices, which it is about"
    return None
