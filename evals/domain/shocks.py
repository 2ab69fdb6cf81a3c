"""A shock: what a vendor, a law or a market does from one day to the next, in a few figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from evals.domain.countrycodes import COUNTRY_CODES
from evals.domain.problems import InputError, Problem

LEAST_QUALITY, MOST_QUALITY = Decimal(-1), Decimal(1)
MOST_MULTIPLIER = Decimal(1000)
MOST_OUTAGE_HOURS = Decimal(8784)  # a leap year
MOST_NOTICE_DAYS = Decimal(3660)
LONGEST_TARGET = 300


class Affects(StrEnum):
    """What a shock hits."""

    MODEL = "model"
    DEVELOPER = "developer"
    HOST = "host"
    JURISDICTION = "jurisdiction"
    GPU = "gpu"


class Availability(StrEnum):
    """Who loses access: everybody, those in a region, or those of an owner.

    A replay supposes that the team is among them.
    """

    ALL = "all"
    REGION = "region"
    OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """What happens, and to what.

    `price_multiplier` is of prices of what is hit, 1 for no change; with `affects` gpu of hardware
    that is paid by the hour. `quality_delta` is added to its scores, so a loss is negative.
    `outage_hours` are hours a month without an answer. `availability` says who loses access, None
    that nobody does. `notice_days` None: as long as the model's retirement date leaves, and
    unknown where it has none. `target` names which one is hit, as `affects` counts them; None is
    each task's own incumbent's, and for gpu all hardware by the hour.
    """

    affects: Affects
    target: str | None = None
    price_multiplier: Decimal = Decimal(1)
    quality_delta: Decimal = Decimal(0)
    outage_hours: Decimal = Decimal(0)
    notice_days: int | None = None
    availability: Availability | None = None

    @property
    def is_null(self) -> bool:
        """Whether nothing changes."""
        return (
            self.price_multiplier == 1
            and not self.quality_delta
            and not self.outage_hours
            and self.availability is None
        )


def shock_from_mapping(values: Mapping[str, Any]) -> Shock:
    """Return the shock that JSON or YAML says; what is left out changes nothing.

    Raises:
        InputError: With a problem for each unknown name and each figure that makes no sense.
    """
    reading = _Reading(values)
    affects = reading.choice("affects", Affects)
    shock = Shock(
        affects=affects or Affects.MODEL,
        target=reading.target(affects),
        price_multiplier=reading.number("price_multiplier", 0, MOST_MULTIPLIER, default=1),
        quality_delta=reading.number("quality_delta", LEAST_QUALITY, MOST_QUALITY),
        outage_hours=reading.number("outage_hours", 0, MOST_OUTAGE_HOURS),
        notice_days=reading.days("notice_days"),
        availability=reading.choice("availability", Availability, is_required=False),
    )
    if affects is Affects.GPU and (shock.availability or shock.quality_delta or shock.outage_hours):
        reading.note("affects", "found gpu, which changes prices alone, expected another")
    if reading.problems:
        raise InputError(*reading.problems)
    return shock


def shock_mapping(shock: Shock) -> dict[str, Any]:
    """Return the shock as `shock_from_mapping` reads it, numbers as text."""
    return {
        "affects": shock.affects.value,
        "target": shock.target,
        "price_multiplier": str(shock.price_multiplier),
        "quality_delta": str(shock.quality_delta),
        "outage_hours": str(shock.outage_hours),
        "notice_days": shock.notice_days,
        "availability": None if shock.availability is None else shock.availability.value,
    }


class _Reading:
    """Reads values one by one and keeps every problem, each under the name of its field."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.problems: list[Problem] = []
        known = set(Shock.__slots__)
        for name in values:
            if name not in known:
                self.note(str(name), f"unknown, expected one of {', '.join(sorted(known))}")

    def note(self, name: str, message: str) -> None:
        """Keep a problem."""
        self.problems.append(Problem(message=message, column=name))

    def choice(
        self, name: str, kind: Callable[[str], Any], *, is_required: bool = True
    ) -> Any | None:
        """Return the member of an enumeration; None where it is left out or unknown."""
        found = self._values.get(name)
        if found is None and not is_required:
            return None
        words = ", ".join(member.value for member in kind)  # type: ignore[attr-defined]
        try:
            return kind(found)  # type: ignore[arg-type]
        except ValueError:
            said = "nothing" if found is None else repr(found)
            self.note(name, f"found {said}, expected one of {words}")
            return None

    def number(
        self, name: str, least: Decimal | int, most: Decimal | int, *, default: int = 0
    ) -> Decimal:
        """Return a number within its limits, `default` where it is left out."""
        found = self._values.get(name)
        if found is None:
            return Decimal(default)
        number = _decimal(found)
        if number is None or not least <= number <= most:
            said = found if isinstance(found, Decimal) else repr(found)
            self.note(name, f"found {said}, expected a number from {least} to {most}")
            return Decimal(default)
        return number

    def days(self, name: str) -> int | None:
        """Return a whole number of days, None where it is left out."""
        if self._values.get(name) is None:
            return None
        number = self.number(name, 0, MOST_NOTICE_DAYS)
        if number != int(number):
            self.note(name, f"found {self._values[name]!r}, expected whole days")
        return int(number)

    def target(self, affects: Affects | None) -> str | None:
        """Return which one is hit; a jurisdiction has to be a country's code."""
        found = self._values.get("target")
        if found is None or found == "":
            return None
        if not isinstance(found, str) or len(found) > LONGEST_TARGET:
            self.note("target", f"found {str(found)[:50]!r}, expected a name")
            return None
        if affects is Affects.JURISDICTION and found.upper() not in COUNTRY_CODES:
            self.note(
                "target", f"found {found!r}, expected a country of ISO 3166-1 by its two letters"
            )
        return found.upper() if affects is Affects.JURISDICTION else found


def _decimal(found: Any) -> Decimal | None:
    if isinstance(found, bool) or not isinstance(found, (int, float, str, Decimal)):
        return None
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
