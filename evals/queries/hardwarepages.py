"""The list of hardware, and one row of it with its sources and its history."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from evals.domain.hardware import Hardware, owned_usd_per_hour
from evals.domain.hardwarerows import read_hardware
from evals.domain.modelfacts import Source
from evals.models import Team, TeamHardware
from evals.queries import figures
from evals.queries.candidatefacts import Fact
from evals.queries.hardware import catalogue, merged, team_rows

UNKNOWN = "unknown"
VERSIONS_SHOWN = 50
LONGEST_HOST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A page that a figure was read from."""

    url: str
    host: str
    opened: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareLine:
    """One row of the list. `is_yours`: the team wrote it, or changed the catalogue's."""

    key: str
    name: str
    provider: str
    memory: str
    bandwidth: str
    on_demand: str
    spot: str
    owned: str
    dated: str
    source: SourceLine | None
    is_yours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwarePage:
    """The list; `removed` are the catalogue's and the team's own that were taken off it."""

    rows: tuple[HardwareLine, ...]
    search: str
    total: int
    removed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A row as it was written once. `pk` 0: the catalogue's. `can_restore`: it is not in use."""

    pk: int
    what: str
    who: str
    when: str
    can_restore: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareRowPage:
    """One row in full."""

    key: str
    name: str
    note: str
    facts: tuple[Fact, ...]
    prices: tuple[Fact, ...]
    sources: tuple[SourceLine, ...]
    versions: tuple[VersionLine, ...]
    is_yours: bool
    is_removed: bool


def hardware_page(team: Team, *, search: str) -> HardwarePage:
    """Return the list of those whose name, maker or provider holds the words, in one query."""
    rows = team_rows(team.pk)
    found = merged(rows)
    words = search.casefold().split()
    shown = [row for row in found.values() if all(word in _searched(row) for word in words)]
    gone = {key: _name(row) for key, row in rows.items() if row.figures is None}
    return HardwarePage(
        rows=tuple(_line(row, is_yours=_is_yours(rows, row.key)) for row in shown),
        search=search,
        total=len(found),
        removed=tuple(sorted(gone.items(), key=lambda pair: pair[1])),
    )


def hardware_row_page(team: Team, key: str) -> HardwareRowPage | None:
    """Return a row with its history, in one query; None where there never was such a row."""
    rows = TeamHardware.objects.filter(team=team, key=key).select_related("created_by")
    versions = list(rows.order_by("-pk")[: VERSIONS_SHOWN + 1])
    latest = versions[0] if versions else None
    if latest is None and key not in catalogue():
        return None
    row = merged({key: latest} if latest else {}).get(key)
    shown = row or _last(key, versions)
    return HardwareRowPage(
        key=key,
        name=shown.name,
        note=shown.note or "",
        facts=_facts(shown),
        prices=_prices(shown),
        sources=tuple(_source(source) for source in shown.sources),
        versions=tuple(_versions(key, versions)),
        is_yours=bool(latest and latest.figures),
        is_removed=row is None,
    )


def amount(value: Decimal | None, unit: str) -> str:
    """Return "1,555 GB/s", or that it is unknown."""
    return UNKNOWN if value is None else f"{value.normalize():,f} {unit}"


def per_hour(value: Decimal | None) -> str:
    """Return "$1.006 / h" as it is charged, or that it is unknown."""
    if value is None:
        return UNKNOWN
    exact = f"{value:f}"
    return f"${exact if len(exact.partition('.')[2]) > 1 else f'{value:.2f}'} / h"


def _searched(row: Hardware) -> str:
    return " ".join(filter(None, (row.key, row.name, row.maker, row.provider))).casefold()


def _is_yours(rows: dict[str, TeamHardware], key: str) -> bool:
    return key in rows and bool(rows[key].figures)


def _line(row: Hardware, *, is_yours: bool) -> HardwareLine:
    return HardwareLine(
        key=row.key,
        name=row.name,
        provider=row.provider or "",
        memory=amount(row.memory_gb, "GB"),
        bandwidth=amount(row.bandwidth_gb_per_second, "GB/s"),
        on_demand=per_hour(row.on_demand_usd_per_hour),
        spot=per_hour(row.spot_usd_per_hour),
        owned=_owned(row),
        dated=_day(row.dated_on),
        source=_source(row.sources[-1]) if row.sources else None,
        is_yours=is_yours,
    )


def _owned(row: Hardware) -> str:
    hourly = owned_usd_per_hour(row)
    if hourly is not None:
        return f"{figures.usd(hourly)} / h"
    return f"{figures.usd(row.purchase_usd)} to buy" if row.purchase_usd is not None else UNKNOWN


def _facts(row: Hardware) -> tuple[Fact, ...]:
    return (
        Fact("Maker", row.maker or UNKNOWN),
        Fact("Memory", amount(row.memory_gb, "GB")),
        Fact("Memory bandwidth", amount(row.bandwidth_gb_per_second, "GB/s")),
        Fact("Power", amount(row.power_watts, "W")),
    )


def _prices(row: Hardware) -> tuple[Fact, ...]:
    months, electricity = row.amortisation_months, row.electricity_usd_per_kwh
    return (
        Fact("Charged by", row.provider or UNKNOWN),
        Fact("On demand", per_hour(row.on_demand_usd_per_hour)),
        Fact("Spot", per_hour(row.spot_usd_per_hour)),
        Fact("To buy", UNKNOWN if row.purchase_usd is None else figures.usd(row.purchase_usd)),
        Fact("Written off over", UNKNOWN if months is None else figures.plural(months, "month")),
        Fact(
            "Electricity",
            UNKNOWN if electricity is None else f"{figures.usd(electricity)} / kWh",
        ),
        Fact("An hour of your own", per_hour_owned(row)),
        Fact("As of", _day(row.dated_on)),
    )


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


def _source(source: Source) -> SourceLine:
    return SourceLine(
        url=source.url,
        host=_host(source.url),
        opened=_day(source.opened_on),
        says=source.says,
    )


def _host(url: str) -> str:
    """Return who keeps the page, short enough for a column."""
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    if host == "raw.githubusercontent.com":
        return f"github.com/{parts.path.split('/')[1]}"
    return host if len(host) <= LONGEST_HOST else ".".join(host.split(".")[-2:])


def _day(day: date | None) -> str:
    return UNKNOWN if day is None else f"{day.day} {day:%b %Y}"


def _name(row: TeamHardware) -> str:
    known = catalogue().get(row.key)
    return known.name if known else row.key


def _last(key: str, versions: list[TeamHardware]) -> Hardware:
    """Return a removed row as it was last."""
    written = next((row for row in versions if row.figures), None)
    if written and written.figures:
        return read_hardware(key, written.figures)
    return catalogue().get(key) or Hardware(key=key, name=key)


def _versions(key: str, versions: list[TeamHardware]) -> list[VersionLine]:
    lines = [
        VersionLine(
            pk=row.pk,
            what=_what(row),
            who=str(row.created_by or "the command line"),
            when=figures.moment(row.created_at),
            can_restore=place > 0 and bool(row.figures),
        )
        for place, row in enumerate(versions)
    ]
    if key in catalogue():
        in_use = not versions or versions[0].figures == {}
        lines.append(
            VersionLine(
                pk=0,
                what="the catalogue's own",
                who="",
                when=_day(catalogue()[key].dated_on),
                can_restore=not in_use,
            )
        )
    return lines


def _what(row: TeamHardware) -> str:
    if row.figures is None:
        return "taken off the list"
    if not row.figures:
        return "the catalogue's own again"
    read = read_hardware(row.key, row.figures)
    return f"{_line(read, is_yours=True).on_demand} on demand, {amount(read.memory_gb, 'GB')}"
