"""Until when a verdict holds, where nothing that it rests on changes before."""

from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 90  # after which a price or a measurement is too old to decide by

PRICE = "the price's date"
RETIREMENT = "the model's retirement date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """The last day on which a verdict holds, why, and which dates are not known."""

    on: date
    reason: str
    unknown: tuple[str, ...]

    def is_past(self, today: date) -> bool:
        """Return whether the verdict no longer answers anything."""
        return today > self.on


def expiry_of(*, computed_on: date, priced_on: date | None, retires_on: date | None) -> Expiry:
    """Return the earliest of: 90 days after the price, the retirement, 90 days after the verdict.

    An unknown date is left out and named. Of equal dates the one that cannot be renewed by
    another evaluation gives the reason.

    Args:
        computed_on: The day of the verdict.
        priced_on: The day as of which the price is known; None is unknown.
        retires_on: The day on which the vendor ends the model; None is unknown.

    Source: house methods, section 5: min(price age, retirement date, 90 days).
    """
    known = [(computed_on + timedelta(days=DAYS), f"{DAYS} days after it was computed")]
    if priced_on is not None:
        aged = priced_on + timedelta(days=DAYS)
        known.insert(0, (aged, f"{DAYS} days after its price of {priced_on.isoformat()}"))
    if retires_on is not None:
        known.insert(0, (retires_on, "the model is retired then"))
    on, reason = min(known, key=lambda part: part[0])
    dates = {PRICE: priced_on, RETIREMENT: retires_on}
    unknown = tuple(name for name, value in dates.items() if value is None)
    return Expiry(on=on, reason=reason, unknown=unknown)
