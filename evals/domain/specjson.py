"""Readers of free parts of a spec file, which become JSON values."""

from typing import Any

from evals.domain.specnodes import MAX_DEPTH, Items, Scalar, ScalarKind, Table
from evals.domain.specnumbers import MAX_WHOLE, WHOLE, number, number_text, whole
from evals.domain.specvalues import Value, any_text, flag


def plain(value: Value) -> Any:
    """Read anything, as a JSON value."""
    match value.node:
        case _ if len(value.path) > MAX_DEPTH:
            value.note(f"nested too deeply, expected at most {MAX_DEPTH} levels")
        case Table():
            return plain_mapping(value)
        case Items():
            return plain_list(value)
        case Scalar(ScalarKind.FLAG):
            return flag(value)
        case Scalar(ScalarKind.NUMBER):
            return _plain_number(value)
        case Scalar(ScalarKind.TEXT):
            return any_text(value)
    return None


def plain_list(value: Value) -> list[Any]:
    """Read a list of anything, as JSON values."""
    return [plain(item) for item in value.items()]


def plain_mapping(value: Value) -> dict[str, Any]:
    """Read a mapping of anything, as JSON values."""
    if not isinstance(value.node, Table):
        value.refuse("a mapping")
        return {}
    entries = value.node.entries.items()
    return {
        key: plain(Value(entry.node, (*value.path, key), value.problems)) for key, entry in entries
    }


def _plain_number(value: Value) -> float:
    is_whole = WHOLE.fullmatch(number_text(value))
    return whole(minimum=-MAX_WHOLE)(value) if is_whole else number()(value)
