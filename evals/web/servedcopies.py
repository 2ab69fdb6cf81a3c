"""Static files as they are sent: with compressed copies beside them, each made once."""

import gzip
import secrets
from collections.abc import Callable
from pathlib import Path

import brotli

# The best ratio would take twelve seconds of plotly.js for another tenth.
BROTLI_QUALITY = 5
ENDINGS = ("", ".br", ".gz")


def keep_copies(path: Path, text: Callable[[], bytes]) -> None:
    """Write a file and its compressed copies, those that are not there."""
    _keep(
        path.with_name(f"{path.name}.br"),
        lambda: brotli.compress(text(), quality=BROTLI_QUALITY),
    )
    _keep(path.with_name(f"{path.name}.gz"), lambda: gzip.compress(text()))
    _keep(path, text)  # last: whoever finds it may read its copies


def _keep(path: Path, made: Callable[[], bytes]) -> None:
    """Write the file if it is not there, whole or not at all: others may be at it too."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    new.write_bytes(made())
    new.replace(path)
