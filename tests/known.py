"""Values that may be unknown, in tests where they are known."""

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """Return the value."""
    assert value is not None
    return value
