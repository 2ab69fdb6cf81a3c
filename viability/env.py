"""Typed readings of environment variables; a missing or odd value stops the start by its name."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


class BadSetting(Exception):  # noqa: N818 - reads as what it is at the place it is raised
    """An environment variable that cannot be used, by name, with what was expected."""


def text(name: str, default: str | None = None) -> str:
    """Return the variable's text; without a default it must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise BadSetting(f"{name} is not set")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Return the variable as a yes or no."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise BadSetting(f"{name}={value!r}: expected one of 1, 0, true, false, yes, no, on, off")


def integer(name: str, default: int, *, at_least: int = 0) -> int:
    """Return the variable as a whole number."""
    return _converted(name, default, convert=int, accept=lambda n: n >= at_least,
                      expected=f"a whole number of at least {at_least}")  # fmt: skip


def names(name: str, default: str = "") -> list[str]:
    """Return the variable's comma-separated parts."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def secret(name: str, *, file: Path) -> str:
    """Return the variable, or the content of the 0600 `file`, made on first use."""
    if value := os.environ.get(name):
        return value
    try:
        return _kept(file)
    except OSError as error:
        raise BadSetting(
            f"{name} is not set and {file} cannot be used: {error.strerror}"
        ) from error


def _kept(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_urlsafe(48))
    return file.read_text().strip()


def _converted(
    name: str,
    default: T,
    *,
    convert: Callable[[str], T],
    accept: Callable[[T], bool],
    expected: str,
) -> T:
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        value = convert(raw)
    except ValueError:
        raise BadSetting(f"{name}={raw!r}: expected {expected}") from None
    if not accept(value):
        raise BadSetting(f"{name}={raw!r}: expected {expected}")
    return value
