"""JSON as the standard has it, with a reason for whatever is not."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from evals.domain.rows import JSONValue
from evals.domain.textlines import text_fault

DEPTH_LIMIT = 64
KINDS = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
TOO_DEEP = f"values nested more than {DEPTH_LIMIT} deep, expected at most that"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something that stands where a row should be is not one."""

    message: str
    column: str | None = None


class _NotJSONError(ValueError):
    """Something the json module takes and JSON does not have."""


def parsed(text: str) -> JSONValue | Fault:
    """Return the one JSON value that `text` is, or why it is none."""
    try:
        return STRICT.decode(text)  # type: ignore[no-any-return]
    except json.JSONDecodeError as error:
        return Fault(f"not JSON: {error.msg} at character {error.colno}, expected an object")
    except (ValueError, RecursionError) as error:
        return _fault(error)


def parsed_at(text: str, start: int) -> tuple[JSONValue | Fault, int]:
    """Return the JSON value that starts at `start`, or why it is none, and where it ends.

    Raises:
        JSONDecodeError: When no value stands there, or not the whole of it.
    """
    try:
        return STRICT.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        return _fault(error), LENIENT.raw_decode(text, start)[1]


def cells_of(value: JSONValue, text: str) -> dict[str, JSONValue] | Fault:
    """Return `value` if it can be a row, else why not; `text` is what it was parsed from."""
    if not isinstance(value, dict):
        return Fault(f"found {KINDS.get(type(value), 'a number')}, expected an object")
    if not value:
        return Fault("the object is empty, expected columns")
    if not all(name.strip() for name in value):
        return Fault("a name in the object is empty, expected one for every value")
    if text.count("{") + text.count("[") > DEPTH_LIMIT and _is_deep(value):
        return Fault(TOO_DEEP)
    return (_escape_fault(value) if "\\u" in text else None) or value


def _escape_fault(cells: dict[str, JSONValue]) -> Fault | None:
    for name, cell in cells.items():
        for text in (name, *_strings(cell)):
            if fault := text_fault(text, escaped=True):
                return Fault(fault.message, column=name)
    return None


def _strings(value: JSONValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        yield from value
        yield from _strings(list(value.values()))


def _is_deep(value: JSONValue) -> bool:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(value: JSONValue) -> list[JSONValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _fault(error: ValueError | RecursionError) -> Fault:
    if isinstance(error, RecursionError):
        return Fault(TOO_DEEP)
    if isinstance(error, _NotJSONError):
        return Fault(str(error))
    return Fault("a number has more than 4,300 digits, expected at most that")


def _object(pairs: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    cells = dict(pairs)
    if len(cells) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotJSONError(f"the name {twice!r} stands twice in one object, expected it once")
    return cells


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _NotJSONError(f"{digits} is too large for a number, expected at most 1.8e308")
    return number


def _refused(constant: str) -> None:
    raise _NotJSONError(f"{constant} is not JSON, expected a number or null")


STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_refused)
LENIENT = json.JSONDecoder(parse_int=str, parse_float=str)  # finds where a refused value ends
