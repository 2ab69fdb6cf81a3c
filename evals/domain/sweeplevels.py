"""The levels of a sweep as a person writes them: "1,2,4,8"."""

from itertools import pairwise

from evals.domain.problems import InputError, Problem
from evals.domain.throughput import MOST_LEVEL, MOST_LEVELS

EXPECTED = f"numbers that rise from 1 to {MOST_LEVEL:,} at most, such as 1,2,4,8"


def read_levels(text: str) -> tuple[int, ...]:
    """Return the levels, lowest first.

    Raises:
        InputError: With what was found and expected.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(Problem(message=f"found {text!r}, expected {EXPECTED}"))
    levels = tuple(map(int, parts))
    is_rising = all(one < two for one, two in pairwise(levels))
    if not is_rising or not 1 <= levels[0] <= levels[-1] <= MOST_LEVEL:
        raise InputError(Problem(message=f"found {text!r}, expected {EXPECTED}"))
    if len(levels) > MOST_LEVELS:
        found = f"found {len(levels)} levels, expected at most {MOST_LEVELS}"
        raise InputError(Problem(message=found))
    return levels
