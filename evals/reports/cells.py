"""Cells that a spreadsheet reads as the texts they are."""

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]\$?[\d,.]+( (s|%))?")


def plain_cell(cell: str) -> str:
    """Return a cell that is no formula: texts come from people, from files and from models."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
