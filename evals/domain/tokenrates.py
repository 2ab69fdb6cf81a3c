"""What tokens cost by the length of the prompt: tiers laid out, unknown figures filled in.

Source: house methods, section 2; vendors charge all tokens of a request by the tier of its prompt.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from evals.domain.specs import PriceSpec, PriceTier

TOKENS_PER_PRICE = 1_000_000
ONE = Decimal(1)
_FIGURES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cached_input_usd_per_mtok",
    "cache_write_usd_per_mtok",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """How many tokens of each kind; the first three together are the input."""

    fresh: int
    cached: int
    written: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRates:
    """US dollars per million tokens of each kind, for prompts longer than `above` tokens."""

    above: int
    fresh: Decimal
    cached: Decimal
    written: Decimal
    output: Decimal

    @property
    def charges_input(self) -> bool:
        """Whether any input costs anything."""
        return bool(self.fresh or self.cached or self.written)

    @property
    def dearest_input(self) -> Decimal:
        """The most that a token of input can cost: what a cache takes up may be dearer."""
        return max(self.fresh, self.cached, self.written)

    def cost(self, counts: TokenCounts) -> Decimal:
        """Return what so many tokens cost, in US dollars."""
        usd = (
            counts.fresh * self.fresh
            + counts.cached * self.cached
            + counts.written * self.written
            + counts.output * self.output
        )
        return usd / TOKENS_PER_PRICE


def rate_bands(price: PriceSpec) -> tuple[TokenRates, ...]:
    """Return the rates from the shortest prompts up; none where input or output has no price."""
    bands, figures = [], {name: getattr(price, name) for name in _FIGURES}
    for tier in (None, *sorted(price.tiers, key=lambda tier: tier.above_input_tokens)):
        figures |= _said(tier)
        rates = _rates(figures, price.batch_multiplier or ONE, tier)
        if rates is None:
            return ()
        bands.append(rates)
    return tuple(bands)


def rates_at(price: PriceSpec, input_tokens: int | None) -> TokenRates | None:
    """Return the rates for a prompt of that length; an unknown one counts as short."""
    bands = rate_bands(price)
    reached = [band for band in bands if (input_tokens or 0) > band.above]
    return reached[-1] if reached else None


def flat_price(price: PriceSpec, input_tokens: int) -> PriceSpec:
    """Return the price without tiers that holds for prompts of that length."""
    rates = rates_at(price, input_tokens) if price.tiers else None
    if rates is None:
        return price
    return replace(
        price,
        input_usd_per_mtok=rates.fresh,
        output_usd_per_mtok=rates.output,
        cached_input_usd_per_mtok=rates.cached,
        cache_write_usd_per_mtok=rates.written,
        batch_multiplier=None,
        tiers=(),
    )


def worst_price(price: PriceSpec, input_tokens: int) -> PriceSpec:
    """Return the price at its dearest for prompts of at most that length, whatever a cache does."""
    cache = (price.cached_input_usd_per_mtok, price.cache_write_usd_per_mtok)
    if not price.tiers and cache == (None, None):
        return price
    reached = [band for band in rate_bands(price) if band.above < input_tokens]
    if not reached:
        return price
    return replace(
        price,
        input_usd_per_mtok=max(band.dearest_input for band in reached),
        output_usd_per_mtok=max(band.output for band in reached),
        cached_input_usd_per_mtok=None,
        cache_write_usd_per_mtok=None,
        batch_multiplier=None,
        tiers=(),
    )


def _said(tier: PriceTier | None) -> dict[str, Decimal]:
    named: Iterable[str] = _FIGURES if tier is not None else ()
    figures = {name: getattr(tier, name) for name in named}
    return {name: figure for name, figure in figures.items() if figure is not None}


def _rates(
    figures: dict[str, Decimal | None], batch: Decimal, tier: PriceTier | None
) -> TokenRates | None:
    fresh, output = figures["input_usd_per_mtok"], figures["output_usd_per_mtok"]
    if fresh is None or output is None:
        return None
    cached, written = figures["cached_input_usd_per_mtok"], figures["cache_write_usd_per_mtok"]
    return TokenRates(
        above=-1 if tier is None else tier.above_input_tokens,
        fresh=batch * fresh,
        cached=batch * (fresh if cached is None else cached),
        written=batch * (fresh if written is None else written),
        output=batch * output,
    )
