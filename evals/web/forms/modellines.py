"""Components and hosts as lines of text, and days and sizes as text."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from evals.domain.modelfacts import Component, Host

NONE = "none"
GATEWAY = "gateway"


def component_lines(written: str) -> list[dict[str, Any]] | None:
    """Return the components of a text with one a line; None: nothing is known of them."""
    lines = _cells(written)
    return None if lines is None else [_component(cells) for cells in lines]


def host_lines(written: str) -> list[dict[str, Any]] | None:
    """Return the hosts of a text with one a line; None: nothing is known of them."""
    lines = _cells(written)
    return None if lines is None else [_host(cells) for cells in lines]


def text_of(value: Iterable[Component | Host] | date | Decimal | None) -> str | None:
    """Return what a field shows of a value; None for what is unknown."""
    if value is None or isinstance(value, date | Decimal):
        return None if value is None else str(value)
    return "\n".join(map(_line, value)) or NONE


def _cells(written: str) -> list[list[str]] | None:
    lines = [line for line in written.splitlines() if line.strip()]
    if not lines:
        return None
    if [line.strip().casefold() for line in lines] == [NONE]:
        return []
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _component(cells: list[str]) -> dict[str, Any]:
    name, *licences = cells
    return {"name": name, **({"licence": "|".join(licences)} if licences else {})}


def _host(cells: list[str]) -> dict[str, Any]:
    name, *others = cells
    places = [cell for cell in others if cell and cell.casefold() != GATEWAY]
    is_gateway = any(cell.casefold() == GATEWAY for cell in others)
    return {"name": name, "jurisdiction": " ".join(places) or None, "is_gateway": is_gateway}


def _line(value: Component | Host) -> str:
    if isinstance(value, Component):
        return value.name if value.licence is None else f"{value.name} | {value.licence}"
    parts = [value.name, value.jurisdiction or "", GATEWAY if value.is_gateway else ""]
    return " | ".join(part for part in parts if part)
