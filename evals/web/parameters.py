"""What addresses and hidden fields say, which anybody may have written."""

import re

# Within what a table's key holds, and what Python turns into a number at once.
ROW_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def row_number(text: str | None) -> int | None:
    """Return the number of a row, None for anything else."""
    return int(text) if text and ROW_NUMBER.fullmatch(text) else None
