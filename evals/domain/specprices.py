"""What a candidate of a spec file charges: by tokens, by requests or by the hour."""

from collections.abc import Mapping

from evals.domain.specnumbers import money
from evals.domain.specs import PriceSpec
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, optional, text

PRICE: Mapping[str, Read] = {
    "input_usd_per_mtok": optional(money),
    "output_usd_per_mtok": optional(money),
    "usd_per_request": optional(money),
    "gpu": optional(text),
    "usd_per_hour": optional(money),
}
_WAYS = {
    "token prices": ("input_usd_per_mtok", "output_usd_per_mtok"),
    "usd_per_request": ("usd_per_request",),
    "usd_per_hour": ("usd_per_hour", "gpu"),
}


def price(value: Value) -> PriceSpec:
    """Read a price, which charges in one way."""
    section = Section(value)
    read = section.read(PRICE)
    given = [key for key in read if not section.item(key).is_nothing]
    ways = [way for way, keys in _WAYS.items() if any(key in given for key in keys)]
    if len(ways) > 1:
        section.note(f"found {' and '.join(ways)}, expected one way of charging")
    elif "gpu" in given and "usd_per_hour" not in given:
        section.note("found a gpu without usd_per_hour, expected both")
    elif not given and section.has_only(PRICE):
        section.note("found no amount, expected one, or no price where it is unknown")
    return PriceSpec(**read)
