"""Amounts of money as people type them: US dollars alone, and within reason."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from evals.domain.specs import CandidateSpec

MOST_USD = Decimal(10_000)  # the dearest model ever priced took $600 per million tokens
_AMOUNT = re.compile(r"-?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_COMMA = re.compile(r"-?\d[\d.]*,[\d,.]*")
_LONGEST = 40
_DOLLARS = re.compile(r"^\$\s*|^USD?\s*\$?\s*|\s*(\$|USD|US dollars?|dollars?)$", re.IGNORECASE)
UNITS = {
    "input_usd_per_mtok": "million input tokens",
    "output_usd_per_mtok": "million output tokens",
    "cached_input_usd_per_mtok": "million cached tokens",
    "cache_write_usd_per_mtok": "million tokens put into the cache",
    "usd_per_request": "request",
    "usd_per_hour": "hour",
}


class AmountError(ValueError):
    """A text is no amount of dollars; says what was found and what is expected."""


def parse_dollars(text: str, *, is_purchase: bool = False) -> Decimal:
    """Return the amount in a text such as "2.50" or "$2.50", exactly as it was written.

    What is bought may cost any amount, and be written "1,599"; a price may not, since "1,250" a
    million tokens can be meant as one and a quarter.

    Raises:
        AmountError: If it is in another currency, negative, a price of more than MOST_USD, or no
            number.
    """
    said = text.strip()
    bare = _DOLLARS.sub("", said).strip()
    if is_purchase and _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    shown = f"“{said[:_LONGEST]}”"
    if _COMMA.fullmatch(bare):
        point = bare.replace(",", ".") if bare.count(",") == 1 and "." not in bare else "1250.00"
        raise AmountError(f"Found {shown}, expected a point and no commas, such as {point}.")
    if not _AMOUNT.fullmatch(bare):
        if re.search(r"\d", bare):
            raise AmountError(
                f"Found {shown}, expected US dollars: convert other currencies, "
                "and give the rate in the source."
            )
        raise AmountError(f"Found {shown}, expected an amount in US dollars, such as 2.50.")
    return _within_reason(Decimal(bare), shown, most=None if is_purchase else MOST_USD)


def price_warnings(candidates: Sequence[CandidateSpec]) -> Iterator[str]:
    """Yield a sentence for each figure of a candidate that is more than MOST_USD."""
    for candidate in candidates:
        for name, unit in UNITS.items():
            amount: Decimal | None = getattr(candidate.price, name, None)
            if amount is not None and amount > MOST_USD:
                yield (
                    f"{candidate.name}: ${amount:,} per {unit} is more than anybody asks, "
                    "is it meant so?"
                )


def _within_reason(amount: Decimal, shown: str, *, most: Decimal | None) -> Decimal:
    if amount < 0:
        raise AmountError(f"Found {shown}, expected an amount greater than or equal to 0.")
    if most is not None and amount > most:
        raise AmountError(
            f"Found {shown}, expected at most ${most:,}: no model costs more for a million "
            "tokens, a request or an hour. Is it a price per billion tokens, or of a month?"
        )
    return amount.copy_abs()
