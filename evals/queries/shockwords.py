"""A shock in plain words: when it was, what it changes and what it hits."""

from datetime import date
from decimal import Decimal

from evals.domain.shocks import Affects, Availability, Shock
from evals.queries import figures

MONTHS = 7  # the length of "2025-06"
POINTS = 100
TIMES = "\N{MULTIPLICATION SIGN}"
HIT = {
    Affects.MODEL: "the model",
    Affects.DEVELOPER: "the developer",
    Affects.HOST: "who serves it",
    Affects.JURISDICTION: "the country",
    Affects.GPU: "hardware by the hour",
}
EVERYBODYS = {
    Affects.MODEL: "each task's own incumbent",
    Affects.DEVELOPER: "the developer of each task's incumbent",
    Affects.HOST: "who serves each task's incumbent",
    Affects.JURISDICTION: "the countries of each task's incumbent",
    Affects.GPU: "all hardware by the hour",
}
CUT = {
    Availability.ALL: "cut off for everybody",
    Availability.REGION: "cut off in a region: we are in it",
    Availability.OWNER: "cut off for some owners: we are one",
}


def dated(begins: str, ends: str) -> str:
    """Return "2025-06-10", "2025-10 to 2026-03"."""
    return " to ".join(_day(day) for day in (begins, ends) if day)


def effects(shock: Shock) -> tuple[tuple[str, str], ...]:
    """Return what changes, each with its label; figures that stay are left out."""
    said = [
        ("Hits", shock.target or EVERYBODYS[shock.affects]),
        ("Price", multiplier(shock.price_multiplier) if shock.price_multiplier != 1 else ""),
        ("Quality", quality(shock.quality_delta) if shock.quality_delta else ""),
        ("Without an answer", f"{shock.outage_hours:g} h" if shock.outage_hours else ""),
        ("Access", CUT[shock.availability] if shock.availability else ""),
        ("Notice", notice(shock)),
    ]
    return tuple((label, words) for label, words in said if words)


def multiplier(factor: Decimal) -> str:
    """Return the factor behind a multiplication sign."""
    return f"{TIMES}{factor.normalize():f}"


def quality(delta: Decimal) -> str:
    """Return "+2 points", or a true minus sign for a loss."""
    points = f"{abs(delta) * POINTS:.1f}".removesuffix(".0")
    sign = figures.MINUS if delta < 0 else "+"
    return f"{sign}{points} {'point' if points == '1' else 'points'}"


def notice(shock: Shock) -> str:
    """Return "14 days", "none", or where the days come from."""
    if shock.notice_days is not None:
        return days(shock.notice_days) if shock.notice_days else "none"
    if shock.availability is not None:
        return "until the model's retirement date"
    return "unknown" if not shock.is_null and shock.affects is not Affects.GPU else ""


def days(number: int) -> str:
    """Return "1 day", "183 days"."""
    return figures.plural(number, "day")


def _day(text: str) -> str:
    if len(text) == MONTHS:
        return text
    return figures.day(date.fromisoformat(text))
