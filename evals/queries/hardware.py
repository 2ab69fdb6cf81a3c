"""Hardware as a team has it: the catalogue's rows, changed and added to by the team's own."""

from functools import cache
from importlib.resources import files

import yaml

from evals.domain.hardware import Hardware
from evals.domain.hardwarerows import read_hardware
from evals.models import TeamHardware


@cache
def catalogue() -> dict[str, Hardware]:
    """Return the catalogue's rows by their key, in its order; the file is read once."""
    text = (files("evals.catalogue") / "hardware.yaml").read_text(encoding="utf-8")
    return {key: read_hardware(key, figures) for key, figures in yaml.safe_load(text).items()}


def team_rows(team_id: int) -> dict[str, TeamHardware]:
    """Return the team's row of each key that counts: its newest. In one query."""
    rows = TeamHardware.objects.filter(team=team_id).order_by("key", "-pk").distinct("key")
    return {row.key: row for row in rows}


def hardware_for(team_id: int) -> dict[str, Hardware]:
    """Return all rows that the team can choose from, in one query."""
    return merged(team_rows(team_id))


def merged(rows: dict[str, TeamHardware]) -> dict[str, Hardware]:
    """Return the catalogue with a team's rows in place of its own and after them.

    A row without figures takes its key off the list; an empty one is the catalogue's again.
    """
    found = dict(catalogue())
    for key, row in rows.items():
        if row.figures is None:
            found.pop(key, None)
        elif row.figures:
            found[key] = read_hardware(key, row.figures)
    return found
