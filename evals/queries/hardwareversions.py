"""One row of hardware in full: its figures, its sources, and what it was before."""

from dataclasses import dataclass

from evals.domain.hardware import Hardware
from evals.domain.hardwarerows import read_hardware
from evals.models import Team, TeamHardware
from evals.queries import figures
from evals.queries.candidatefacts import Fact
from evals.queries.hardware import catalogue, merged
from evals.queries.hardwarewords import (
    UNKNOWN,
    SourceLine,
    amount,
    day,
    per_hour,
    per_hour_owned,
    source_line,
)

VERSIONS_SHOWN = 50


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
        sources=tuple(source_line(source) for source in shown.sources),
        versions=tuple(_versions(key, versions)),
        is_yours=bool(latest and latest.figures),
        is_removed=row is None,
    )


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
        Fact("As of", day(row.dated_on)),
    )


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
                when=day(catalogue()[key].dated_on),
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
    return f"{per_hour(read.on_demand_usd_per_hour)} on demand, {amount(read.memory_gb, 'GB')}"
