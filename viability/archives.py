"""The backup file: a tar with a manifest, a database dump and the uploaded files."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

SCHEMA = "viability.backup/1"
MANIFEST, DUMP, UPLOADS = "manifest.json", "database.dump", "uploads"
LONGEST_MANIFEST = 100_000


class ArchiveError(ValueError):
    """A file that is no backup of ours, or a damaged one; the message says what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `migration` is the last one that its database has had."""

    viability: str
    created_at: str
    migration: str
    dump_sha256: str
    uploads: int


def write_archive(path: Path, *, dump: Path, uploads: Path, told: Manifest) -> Manifest:
    """Write the whole backup at once under its name, readable to its owner alone.

    Returns:
        The manifest, with the dump's hash and the number of files filled in.
    """
    files = sorted(file for file in uploads.rglob("*") if file.is_file())
    manifest = Manifest(
        **{**asdict(told), "dump_sha256": _file_sha256(dump), "uploads": len(files)}
    )
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
            content = json.dumps({"schema": SCHEMA, **asdict(manifest)}, indent=1).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(content)
            tar.addfile(head, io.BytesIO(content))
            tar.add(dump, DUMP)
            for file in files:
                tar.add(file, f"{UPLOADS}/{file.relative_to(uploads).as_posix()}", recursive=False)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return manifest


@contextmanager
def opened_archive(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """Open a backup and read its manifest.

    Raises:
        ArchiveError: If it is none, or of another kind.
    """
    try:
        with tarfile.open(path) as tar:
            yield tar, _manifest(path, tar)
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError(f"{path}: found no readable tar file ({error})") from error


def unpack(path: Path, tar: tarfile.TarFile, manifest: Manifest, folder: Path) -> Path:
    """Write the dump and the uploads below `folder`, checked; return the dump's path.

    Raises:
        ArchiveError: If something in it is damaged, missing or out of place.
    """
    (folder / UPLOADS).mkdir(mode=0o700)
    for member in tar:
        if not member.isreg() or not _is_expected(member.name):
            raise ArchiveError(f"{path}: found {member.name!r}, which no backup holds")
        tar.extract(member, folder, filter="data")
    dump = folder / DUMP
    if not dump.exists() or _file_sha256(dump) != manifest.dump_sha256:
        raise ArchiveError(f"{path}: the database dump in it is damaged")
    found = sum(file.is_file() for file in (folder / UPLOADS).rglob("*"))
    if found != manifest.uploads:
        raise ArchiveError(f"{path}: found {found} uploaded files, expected {manifest.uploads}")
    return dump


def _is_expected(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in {MANIFEST, DUMP} or (parts[:1] == (UPLOADS,) and ".." not in parts)


def _manifest(path: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > LONGEST_MANIFEST:
        raise ArchiveError(f"{path}: found no {MANIFEST} at its beginning, expected a backup")
    content = tar.extractfile(first)
    try:
        said: dict[str, Any] = json.load(content) if content else {}
        schema = said.pop("schema", None)
        manifest = Manifest(**said)
    except (ValueError, TypeError, AttributeError) as error:
        raise ArchiveError(f"{path}: its {MANIFEST} cannot be read") from error
    if schema != SCHEMA:
        raise ArchiveError(f"{path}: found the schema {schema!r}, expected {SCHEMA!r}")
    return manifest


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
