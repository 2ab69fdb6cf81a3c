"""Prices in words, exact to the last digit: what they are, and how they changed."""

from decimal import Decimal

from evals.domain.specs import PriceSpec, PriceTier
from evals.queries.candidatefacts import Fact

PER_MTOK = {
    "input_usd_per_mtok": "input",
    "output_usd_per_mtok": "output",
    "cached_input_usd_per_mtok": "cached input",
    "cache_write_usd_per_mtok": "cache write",
}
EACH = {"usd_per_request": "a request", "usd_per_hour": "an hour"}
LEAST_PLACES = -2


def exact_usd(amount: Decimal) -> str:
    """Return "$2.50", "$1,250.00" or "$0.0028": cents at least, and every digit there is."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent > LEAST_PLACES:
        plain = plain.quantize(Decimal("0.01"))
    return f"${plain:,f}"


def price_facts(price: PriceSpec | None) -> tuple[Fact, ...]:
    """Return every figure of a price with its source and date, one fact each."""
    if price is None:
        return (Fact("Price", "unknown, so every cost is"),)
    figures = [(label, getattr(price, name)) for name, label in (*_per_mtok(), *EACH.items())]
    facts = [
        Fact(f"{label[:1].upper()}{label[1:]}", exact_usd(usd))
        for label, usd in figures
        if usd is not None
    ]
    for tier in price.tiers:
        label = f"Prompts over {tier.above_input_tokens:,} tokens"
        facts.append(Fact(label, tier_words(tier)))
    if price.batch_multiplier is not None:
        facts.append(Fact("Asked in batches", f"{price.batch_multiplier:f} of the token prices"))
    said = {
        "On": price.gpu,
        "Catalogue": price.catalogue,
        "Source": price.source,
        "Dated": None if price.dated_on is None else price.dated_on.isoformat(),
    }
    return (*facts, *(Fact(label, value) for label, value in said.items() if value))


def source_words(price: PriceSpec) -> str:
    """Return " (genai-prices 0.2.3, 2026-11-22)", "" where nobody says where it is from."""
    dated = None if price.dated_on is None else price.dated_on.isoformat()
    said = ", ".join(part for part in (price.source, dated) if part)
    return f" ({said})" if said else ""


def price_change(old: PriceSpec | None, new: PriceSpec | None) -> str:
    """Return "input $2.50 → $2.00, output $10.00 → $8.00 per million tokens".

    Where the way of charging is another: "input $2.50, output $10.00 per million tokens → $3.00 an
    hour".
    """
    before, after = old or PriceSpec(), new or PriceSpec()
    if old and new and not _ways(old) & _ways(new):
        return f"{_charged(old)} → {_charged(new)}"
    tokens = _changes(before, after, PER_MTOK)
    others = _changes(before, after, EACH)
    parts = [f"{', '.join(tokens)} per million tokens"] if tokens else []
    if before.tiers != after.tiers:
        parts.append("long prompts are charged in another way")
    if before.batch_multiplier != after.batch_multiplier:
        parts.append("batches are charged in another way")
    return ", ".join([*parts, *others])


def tier_words(tier: PriceTier) -> str:
    """Return "input $5.00, output $22.50"."""
    amounts = [(label, getattr(tier, name)) for name, label in PER_MTOK.items()]
    return ", ".join(f"{label} {exact_usd(usd)}" for label, usd in amounts if usd is not None)


def _per_mtok() -> list[tuple[str, str]]:
    return [(name, f"{label}, per Mtok") for name, label in PER_MTOK.items()]


def _ways(price: PriceSpec) -> set[str]:
    """Return the ways in which a price charges: by the token, the request, the hour."""
    tokens = any(getattr(price, name) is not None for name in PER_MTOK)
    others = {name for name in EACH if getattr(price, name) is not None}
    return others | ({"tokens"} if tokens else set())


def _charged(price: PriceSpec) -> str:
    """Return "input $2.50, output $10.00 per million tokens" or "$3.00 an hour"."""
    found = [(label, getattr(price, name)) for name, label in PER_MTOK.items()]
    tokens = ", ".join(f"{label} {exact_usd(usd)}" for label, usd in found if usd is not None)
    each = [(label, getattr(price, name)) for name, label in EACH.items()]
    parts = [f"{tokens} per million tokens"] if tokens else []
    return ", ".join(
        parts + [f"{exact_usd(usd)} {label}" for label, usd in each if usd is not None]
    )


def _changes(old: PriceSpec, new: PriceSpec, names: dict[str, str]) -> list[str]:
    pairs = [(label, getattr(old, name), getattr(new, name)) for name, label in names.items()]
    return [f"{label} {_said(a)} → {_said(b)}" for label, a, b in pairs if a != b]


def _said(amount: Decimal | None) -> str:
    return "unknown" if amount is None else exact_usd(amount)
