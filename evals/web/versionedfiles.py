"""Styles and scripts with their version in the address: kept by browsers for ever, compressed.

The version is a hash over all of them, so one that changed changes every address. Their copies lie
in the home; where nobody may write to it the files are served as they are.
"""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import (
    AppDirectoriesFinder,
    BaseFinder,
    FileSystemFinder,
)
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

from evals.reports.charts.chart import FOLDER
from evals.web.servedcopies import ENDINGS, keep_copies

MARK = "v-"  # before the hash, so that the pattern of what never changes fits nothing else
COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
INDENTATION = re.compile(rb"\s*\n\s*")


class VersionedStorage(StaticFilesStorage):
    """Gives every file but plotly.js, which has its own, an address with the version."""

    def url(self, name: str | None) -> str:
        """Return the address; while somebody writes the files it is the plain one."""
        if settings.DEBUG or not name or name.startswith(f"{FOLDER}/"):
            return super().url(name)
        return super().url(f"{version()}/{name}")


class VersionedFinder(BaseFinder):
    """Finds files under their version, with compressed copies beside them."""

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002
        """Return the file's path; an empty list where the path is another's."""
        first, _slash, name = path.partition("/")
        if first != version():
            return []
        wanted = (served_folder() or Path(os.devnull)) / name
        found = str(wanted) if wanted.is_file() else sources().get(name)
        return [] if found is None else [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Yield each file, and its copies, with the storage they lie in."""
        folder = served_folder()
        for name, source in sources().items():
            here = folder or Path(source.removesuffix(name))
            storage = FileSystemStorage(location=here)
            storage.prefix = version()  # type: ignore[attr-defined]
            for ending in ENDINGS if folder else ("",):
                if not matches_patterns(f"{name}{ending}", ignore_patterns or ()):
                    yield f"{name}{ending}", storage


@cache
def sources() -> dict[str, str]:
    """Return where each file lies, by its name."""
    found: dict[str, str] = {}
    for finder in (FileSystemFinder(), AppDirectoriesFinder()):
        for name, storage in finder.list([]):
            found.setdefault(name, storage.path(name))
    return dict(sorted(found.items()))


@cache
def version() -> str:
    """Return what is in the address: a hash over all names and what is sent of each."""
    whole = sha256()
    for name, path in sources().items():
        whole.update(name.encode() + b"\0" + sha256(sent(path)).digest())
    return f"{MARK}{whole.hexdigest()[:12]}"


@cache
def served_folder() -> Path | None:
    """Return the folder with the files and their copies, None where none can be made."""
    folder: Path = settings.HOME / "static" / version()
    try:
        for name, path in sources().items():
            keep_copies(folder / name, partial(sent, path))
    except OSError:  # a home that nobody may write to
        return None
    return folder


def sent(path: str) -> bytes:
    """Return what is sent of a file: styles without comments and indentation."""
    text = Path(path).read_bytes()
    if not path.endswith(".css"):
        return text
    return INDENTATION.sub(b"\n", COMMENT.sub(b"", text)).strip() + b"\n"
