"""How figures of hardware read on a page; unknown is said, never 0."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from evals.domain.hardware import Hardware, owned_usd_per_hour
from evals.domain.modelfacts import Source
from evals.queries import figures

UNKNOWN = "unknown"
LONGEST_HOST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A page that a figure was read from."""

    url: str
    host: str
    opened: str
    says: str


def amount(value: Decimal | None, unit: str) -> str:
    """Return "1,555 GB/s", or that it is unknown."""
    return UNKNOWN if value is None else f"{value.normalize():,f} {unit}"


def per_hour(value: Decimal | None) -> str:
    """Return "$1.006 / h" as it is charged, or that it is unknown."""
    if value is None:
        return UNKNOWN
    exact = f"{value:f}"
    return f"${exact if len(exact.partition('.')[2]) > 1 else f'{value:.2f}'} / h"


def per_hour_owned(row: Hardware) -> str:
    """Return the hourly cost of bought hardware, or which of its figures are missing."""
    hourly = owned_usd_per_hour(row)
    if hourly is not None:
        return f"{figures.usd(hourly)} / h"
    wanted = {
        "the price": row.purchase_usd,
        "the months": row.amortisation_months,
        "its power": row.power_watts,
        "what electricity costs": row.electricity_usd_per_kwh,
    }
    return f"unknown without {', '.join(name for name, known in wanted.items() if known is None)}"


def source_line(source: Source) -> SourceLine:
    """Return a source as it is listed."""
    return SourceLine(
        url=source.url,
        host=_host(source.url),
        opened=day(source.opened_on),
        says=source.says,
    )


def _host(url: str) -> str:
    """Return who keeps the page, short enough for a column."""
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    if host == "raw.githubusercontent.com":
        return f"github.com/{parts.path.strip('/').partition('/')[0]}"
    return host if len(host) <= LONGEST_HOST else ".".join(host.split(".")[-2:])


def day(at: date | None) -> str:
    """Return "2026-05-07", or that it is unknown."""
    return UNKNOWN if at is None else figures.day(at)
