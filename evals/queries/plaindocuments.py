"""Page values and parts of a spec as JSON values, name by name."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

RENAMED = {"pk": "id"}


def plain(value: Any) -> Any:
    """Return a value made of dataclasses, mappings and sequences as JSON values.

    Raises:
        TypeError: For anything else, a row of a table above all.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {RENAMED.get(name, name): plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"found {type(value).__name__}, expected what JSON can say")
