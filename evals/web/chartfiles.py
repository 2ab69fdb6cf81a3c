"""Serving plotly.js from its package: compressed, and with its version in the address."""

import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

from evals.reports.charts.chart import FOLDER, SCRIPT
from evals.web.servedcopies import keep_copies

NAME = Path(SCRIPT).name


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
        keep_copies(folder / NAME, (_packaged() / NAME).read_bytes)
    except OSError:  # a home that nobody may write to
        return _packaged()
    return folder


def _packaged() -> Path:
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("plotly is not installed")
    return Path(spec.submodule_search_locations[0]) / "package_data"
