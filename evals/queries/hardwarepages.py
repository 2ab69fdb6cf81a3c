"""The list of hardware as a team has it."""

from dataclasses import dataclass

from evals.domain.hardware import Hardware, owned_usd_per_hour
from evals.models import Team, TeamHardware
from evals.queries import figures
from evals.queries.hardware import catalogue, merged, team_rows
from evals.queries.hardwarewords import UNKNOWN, SourceLine, amount, day, per_hour, source_line


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
        dated=day(row.dated_on),
        source=source_line(row.sources[-1]) if row.sources else None,
        is_yours=is_yours,
    )


def _owned(row: Hardware) -> str:
    hourly = owned_usd_per_hour(row)
    if hourly is not None:
        return f"{figures.usd(hourly)} / h"
    return f"{figures.usd(row.purchase_usd)} to buy" if row.purchase_usd is not None else UNKNOWN


def _name(row: TeamHardware) -> str:
    known = catalogue().get(row.key)
    return known.name if known else row.key
