"""Amounts of money as people type them: US dollars, and nothing that might be another currency."""

import re
from decimal import Decimal

SIGNS = {
    "€": "euros",
    "£": "pounds",
    "¥": "yen or yuan",
    "₹": "rupees",
    "₩": "won",
    "EUR": "euros",
    "GBP": "pounds",
    "JPY": "yen",
    "CNY": "yuan",
    "INR": "rupees",
    "CHF": "francs",
    "CAD": "Canadian dollars",
    "AUD": "Australian dollars",
}
SIGN = re.compile("|".join(SIGNS), re.IGNORECASE)
DOLLARS = re.compile(r"(?:US)?\$|\bUSD\b", re.IGNORECASE)
AMOUNT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})?(?:\.\d{1,12})?", re.ASCII)


def read_usd(text: str) -> Decimal:
    """Return the amount of "2.50", "$2.50", "1,599" or "2.50 USD".

    Raises:
        ValueError: If it is no amount, negative, or in another currency; the message says which.
    """
    if sign := SIGN.search(text):
        name = SIGNS[sign.group().upper()]
        raise ValueError(
            f"{text.strip()!r} is in {name}. Amounts are kept in US dollars: convert it, and say "
            "the rate and its day beside the source."
        )
    bare = DOLLARS.sub("", text).strip()
    if not bare or not AMOUNT.fullmatch(bare) or bare in {"+", "-", "."}:
        raise ValueError(f"found {text.strip()!r}, expected US dollars such as 2.50 or $1,599")
    amount = Decimal(bare.replace(",", ""))
    if amount < 0:
        raise ValueError(f"found {text.strip()!r}, expected an amount that is not negative")
    return amount
