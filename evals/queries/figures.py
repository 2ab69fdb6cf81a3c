"""How numbers read on a page. The only place that formats them; unknown is a dash, never 0."""

from datetime import UTC, datetime, timedelta
from datetime import date as calendar_day
from decimal import Decimal

from evals.domain.measured import COSTS, SPEED_QUANTILES
from evals.domain.verdicts import LABELS
from evals.queries.moments import Moment

UNKNOWN = "—"
MINUS = "\N{MINUS SIGN}"
WHOLE_DOLLARS = 1000
CENTS = 1
MINUTE, HOUR, DAY = 60, 3600, 86_400


def count(number: int | None) -> str:
    """Return "3,080"."""
    return UNKNOWN if number is None else f"{number:,}"


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """Return "1 task", "3,080 tasks"."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def rate(value: float | None) -> str:
    """Return "0.882"."""
    return UNKNOWN if value is None else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """Return "[0.861, 0.901]", or nothing where there is none."""
    return "" if low is None or high is None else f"[{rate(low)}, {rate(high)}]"


def difference(value: float | None) -> str:
    """Return "+0.008", or a true minus sign for what is less."""
    return UNKNOWN if value is None else f"{value:+.3f}".replace("-", MINUS)


def difference_interval(low: float | None, high: float | None) -> str:
    """Return "[+0.002, +0.008]", or nothing where there is none."""
    return "" if low is None or high is None else f"[{difference(low)}, {difference(high)}]"


def usd(value: Decimal | float | None) -> str:
    """Return "$2,960", "$1.31" or "$0.00039": whole dollars, cents, or two digits that count."""
    if value is None:
        return UNKNOWN
    if value >= WHOLE_DOLLARS:
        return f"${value:,.0f}"
    if value >= CENTS or not value:
        return f"${value:.2f}"
    return f"${_two_digits(float(value))}"


def _two_digits(value: float) -> str:
    for places in range(2, 12):
        if value >= 10.0 ** (1 - places):
            return f"{value:.{places}f}"
    return f"{value:.1g}"


def seconds(value: float | None) -> str:
    """Return "0.84 s", "12.4 s" or "0.0031 s": three digits that count."""
    if value is None:
        return UNKNOWN
    if value >= 100:  # noqa: PLR2004 - three digits before the point
        return f"{value:,.0f} s"
    digits = 2 if value < 10 else 1  # noqa: PLR2004 - two digits before the point
    return f"{value:.{digits}f} s" if value >= 0.1 or not value else f"{value:.2g} s"  # noqa: PLR2004


def metric_label(name: str) -> str:
    """Return a metric's name as a person says it."""
    return LABELS.get(name, name.replace("_", " "))


def metric_value(name: str, value: float | None) -> str:
    """Return a value of the metric with its unit."""
    if name in SPEED_QUANTILES:
        return seconds(value)
    return usd(value) if name in COSTS else rate(value)


def threshold(name: str, value: float) -> str:
    """Return a threshold as it was written, with its unit."""
    if name in SPEED_QUANTILES:
        return f"{value:g} s"
    return _limit_usd(value) if name in COSTS else f"{value:g}"


def _limit_usd(value: float) -> str:
    """Return cents, or all the digits that somebody wrote where cents would lose some."""
    return f"${value:,.2f}" if round(value, 2) == value else f"${Decimal(repr(value)):,f}"


def probability(value: float | None) -> str:
    """Return "0.97", and never certainty."""
    if value is None:
        return UNKNOWN
    if value > 0.99:  # noqa: PLR2004
        return "over 0.99"
    return "under 0.01" if value < 0.01 else f"{value:.2f}"  # noqa: PLR2004


def duration(length: timedelta | float | None) -> str:
    """Return "8 s", "3 min", "2 h 5 min" or "3 d"."""
    if length is None:
        return UNKNOWN
    total = length.total_seconds() if isinstance(length, timedelta) else length
    if total < MINUTE:
        return f"{max(1, round(total))} s"
    if total < HOUR:
        return f"{round(total / MINUTE)} min"
    if total < DAY:
        hours, rest = divmod(round(total / MINUTE), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{round(total / DAY)} d"


def ago(moment: datetime, *, now: datetime) -> Moment:
    """Return "just now", "3 min ago", or the day when it is longer ago than that."""
    passed = (now - moment).total_seconds()
    if passed >= DAY:
        return date(moment)
    words = "just now" if passed < 5 else f"{duration(passed)} ago"  # noqa: PLR2004 - nobody reads faster
    return Moment.of(words, iso=_iso(moment), exact=_exact(moment))


def date(moment: datetime) -> Moment:
    """Return "2026-11-19", the day in UTC; a page shows the minute when asked."""
    return Moment.of(f"{moment.astimezone(UTC):%Y-%m-%d}", iso=_iso(moment), exact=_exact(moment))


def day(on: calendar_day) -> Moment:
    """Return "2026-11-19" for a day of the calendar."""
    return Moment.of(on.isoformat(), iso=on.isoformat())


def moment(at: datetime) -> Moment:
    """Return "2026-11-19 14:05 UTC"."""
    return Moment.of(_exact(at), iso=_iso(at))


def second(at: datetime) -> Moment:
    """Return "2026-11-19 14:05:27 UTC", where the order within a minute matters."""
    return Moment.of(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", iso=_iso(at))


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def eval_set(number: int | None, samples: int | None) -> str:
    """Return "v3 · 3,080": a version and its size."""
    return UNKNOWN if number is None else f"v{number} · {count(samples)}"


def file_size(size: int) -> str:
    """Return "0.2 kB" where megabytes would round to nothing, else as `megabytes`."""
    return f"{size / 1000:,.1f} kB" if size < 100_000 else megabytes(size)  # noqa: PLR2004


def megabytes(size: int) -> str:
    """Return "0.4 MB" or "1,024 MB"."""
    millions = size / 1_000_000
    return f"{millions:,.1f} MB" if millions < 100 else f"{millions:,.0f} MB"  # noqa: PLR2004
