"""Serving plotly.js from its package: compressed, and with its version in the address."""

import gzip
import os
import secrets
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

from evals.reports.charts.chart import FOLDER, SCRIPT

NAME = Path(SCRIPT).name
# The best ratio would take twelve seconds for another tenth.
BROTLI_QUALITY = 5


class PlotlyFinder(BaseFinder):
    """Finds plotly.js, with compressed copies beside it in the home, made on first use."""

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002
        """Return the file's path; an empty list where the path is another's."""
        folder, name = os.path.split(path)
        if folder != FOLDER or name not in {NAME, f"{NAME}.br", f"{NAME}.gz"}:
            return []
        found = str(served_folder() / name)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Yield the file and its compressed copies with the storage they lie in."""
        folder = served_folder()
        storage = FileSystemStorage(location=folder)
        storage.prefix = FOLDER  # type: ignore[attr-defined]
        for path in sorted(folder.glob(f"{NAME}*")):
            if not matches_patterns(path.name, ignore_patterns or ()):
                yield path.name, storage


def served_folder() -> Path:
    """Return the folder with the file and its copies, the package's own where none can be made."""
    folder = settings.HOME / "static" / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _keep(folder / f"{NAME}.br", lambda text: brotli.compress(text, quality=BROTLI_QUALITY))
        _keep(folder / f"{NAME}.gz", gzip.compress)
        _keep(folder / NAME, bytes)
    except OSError:  # a home that nobody may write to
        return _packaged()
    return folder


def _keep(path: Path, made: Any) -> None:
    """Write the file if it is not there, whole or not at all: others may be at it too."""
    if path.exists():
        return
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    new.write_bytes(made((_packaged() / NAME).read_bytes()))
    new.replace(path)


def _packaged() -> Path:
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("plotly is not installed")
    return Path(spec.submodule_search_locations[0]) / "package_data"
