"""Rows of hardware as they are stored: read strictly, and written so that they read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from evals.domain.hardware import Hardware
from evals.domain.modelfacts import Source
from evals.domain.problems import InputError, Problem


@dataclass(frozen=True, slots=True)
class Range:
    """What a figure can be; more is a slip of the pen or another unit."""

    least: Decimal
    most: Decimal
    unit: str


RANGES = {
    "memory_gb": Range(Decimal("0.5"), Decimal(20_000), "GB"),
    "bandwidth_gb_per_second": Range(Decimal(1), Decimal(100_000), "GB/s"),
    "on_demand_usd_per_hour": Range(Decimal("0.001"), Decimal(1000), "US dollars an hour"),
    "spot_usd_per_hour": Range(Decimal("0.001"), Decimal(1000), "US dollars an hour"),
    "purchase_usd": Range(Decimal(1), Decimal(5_000_000), "US dollars"),
    "amortisation_months": Range(Decimal(1), Decimal(240), "months"),
    "power_watts": Range(Decimal(1), Decimal(100_000), "watts"),
    "electricity_usd_per_kwh": Range(Decimal(0), Decimal(5), "US dollars per kWh"),
}
TEXTS = ("maker", "provider", "note")
NAMES = frozenset({"name", "dated_on", "sources", *TEXTS, *RANGES})
MOST_SOURCES = 20


def read_hardware(key: str, figures: Mapping[str, Any]) -> Hardware:
    """Return the row that the figures describe; what is left out is unknown.

    Raises:
        InputError: With a problem for each figure that cannot be right.
    """
    problems = [
        Problem(message=f"unknown figure {name!r}", column=name) for name in {*figures} - NAMES
    ]
    facts: dict[str, Any] = {name: _text(figures.get(name)) for name in ("name", *TEXTS)}
    if not facts["name"]:
        problems.append(Problem(message="a row needs a name", column="name"))
    for name, read in (("dated_on", _day), ("sources", _sources)):
        facts[name] = _tried(problems, name, read, figures.get(name))
    for name, allowed in RANGES.items():
        facts[name] = _tried(problems, name, _number, figures.get(name), allowed)
    if problems:
        raise InputError(*problems, file=key)
    months = facts["amortisation_months"]
    facts["amortisation_months"] = None if months is None else int(months)
    return Hardware(key=key, **facts)


def written_hardware(hardware: Hardware) -> dict[str, Any]:
    """Return the row as JSON: amounts and days as text, what is unknown left out."""
    figures = {name: getattr(hardware, name) for name in ("name", *TEXTS, *RANGES)}
    written: dict[str, Any] = {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in figures.items()
        if value is not None
    }
    if hardware.dated_on:
        written["dated_on"] = hardware.dated_on.isoformat()
    if hardware.sources:
        written["sources"] = [
            {"url": s.url, "opened_on": s.opened_on.isoformat(), "says": s.says}
            for s in hardware.sources
        ]
    return written


def _tried(problems: list[Problem], name: str, read: Any, *values: Any) -> Any:
    try:
        return read(*values)
    except ValueError as error:
        problems.append(Problem(message=str(error), column=name))
        return None


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _number(value: Any, allowed: Range) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"found {value!r}, expected a number of {allowed.unit}") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"found {value!r}, expected a number of {allowed.unit}")
    if not allowed.least <= number <= allowed.most:
        raise ValueError(
            f"found {number:f}, expected {allowed.least:f} to {allowed.most:f} {allowed.unit}; "
            "leave out what is unknown"
        )
    return number


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"found {value!r}, expected a day such as 2026-11-22") from None


def _sources(value: Any) -> tuple[Source, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_SOURCES:
        raise ValueError(f"expected a list of at most {MOST_SOURCES} sources")
    return tuple(_source(source) for source in value)


def _source(value: Any) -> Source:
    if not isinstance(value, Mapping) or not str(value.get("url", "")).startswith("https://"):
        raise ValueError(f"found {value!r}, expected a source with an https address")
    opened = _day(value.get("opened_on"))
    if opened is None:
        raise ValueError("a source needs the day on which it was opened")
    return Source(url=str(value["url"]), opened_on=opened, says=str(value.get("says", "")))
