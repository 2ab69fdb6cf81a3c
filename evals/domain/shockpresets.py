"""Shocks that have happened, as the catalogue tells them: dated, sourced, and strictly read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from evals.domain.modelfacts import Source
from evals.domain.problems import InputError, Problem
from evals.domain.shocks import Shock, shock_from_mapping

IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DAY = re.compile(r"\d{4}-\d\d(-\d\d)?")
NEEDED = ("id", "name", "event", "parameters", "source", "reported_by")
DATES = ("date", "from", "to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A shock of the past. `begins` and `ends` are days or months; `ends` "" where it has none."""

    identifier: str
    name: str
    event: str
    begins: str
    ends: str
    shock: Shock
    source: Source
    reported_by: str


def preset_from_mapping(values: Mapping[str, Any]) -> Preset:
    """Return the preset that a row of the catalogue says.

    Raises:
        InputError: With a problem for everything missing, unknown or senseless.
    """
    missing = [name for name in NEEDED if not values.get(name)]
    unknown = [name for name in values if name not in (*NEEDED, *DATES)]
    problems = [Problem(message=f"{name} is missing") for name in missing]
    problems += [Problem(message=f"{name} is unknown") for name in unknown]
    if not missing and not IDENTIFIER.fullmatch(str(values["id"])):
        problems.append(Problem(message=f"found {values['id']!r}, expected words and hyphens"))
    if problems:
        raise InputError(*problems)
    begins = values.get("date") or values.get("from")
    return Preset(
        identifier=values["id"],
        name=values["name"],
        event=values["event"],
        begins=_day(begins),
        ends=_day(values["to"]) if values.get("to") else "",
        shock=shock_from_mapping(values["parameters"]),
        source=_source(values["source"]),
        reported_by=values["reported_by"],
    )


def _day(found: Any) -> str:
    said = str(found)
    if not DAY.fullmatch(said):
        raise InputError(Problem(message=f"found {said!r}, expected a date like 2025-06-10"))
    return said


def _source(values: Mapping[str, Any]) -> Source:
    opened = values.get("opened_on")
    if not str(values.get("url", "")).startswith("https://") or not isinstance(opened, date):
        raise InputError(Problem(message="expected a source with url (https) and opened_on"))
    return Source(url=values["url"], opened_on=opened, says=str(values.get("says") or ""))
