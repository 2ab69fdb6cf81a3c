"""The shocks of the catalogue, read once."""

from functools import cache
from pathlib import Path

import yaml

from evals import catalogue
from evals.domain.problems import InputError, Problem
from evals.domain.shockpresets import Preset, preset_from_mapping

FILE = "shocks.yaml"


@cache
def presets() -> tuple[Preset, ...]:
    """Return every preset in the order of the catalogue.

    Raises:
        InputError: If the file says something that makes no sense, with its name.
    """
    text = (Path(catalogue.__file__).parent / FILE).read_text(encoding="utf-8")
    return read_presets(text)


def read_presets(text: str) -> tuple[Preset, ...]:
    """Return the presets of a file's text.

    Raises:
        InputError: With the identifier of the first row that is wrong.
    """
    rows = yaml.safe_load(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(Problem(message="expected a list of presets"), file=FILE)
    found: dict[str, Preset] = {}
    for number, row in enumerate(rows):
        try:
            preset = preset_from_mapping(row)
        except InputError as error:
            raise error.in_file(f"{FILE}, {row.get('id') or f'row {number}'}") from None
        if preset.identifier in found:
            raise InputError(Problem(message=f"{preset.identifier} is there twice"), file=FILE)
        found[preset.identifier] = preset
    return tuple(found.values())
