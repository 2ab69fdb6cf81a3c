"""Names that the design knows and this version does not: they are refused, never ignored."""

import re
from collections.abc import Mapping

# Sorted by where a name is written. Metric names are patterns, the others plain names.
NOT_BUILT: Mapping[str, tuple[str, ...]] = {
    "scorer": ("judge", "json_schema", "json_fields"),
    "metric": (r"tpot_p\d+_seconds",),
    "endpoint": ("quantisation", "region"),
    "harness": ("few_shot", "format_repair", "self_consistency"),
}


def is_not_built(noun: str, name: str) -> bool:
    """Return whether the design has `name` as a `noun` and this version has not."""
    names = NOT_BUILT.get(noun, ())
    if noun == "metric":
        return any(re.fullmatch(pattern, name) for pattern in names)
    return name in names


def not_built(name: str) -> str:
    """Return the words that every refusal of this sort has."""
    return f"{name!r} is not built yet"
