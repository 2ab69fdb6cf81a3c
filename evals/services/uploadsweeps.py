"""Uploads that are over: rows that never became a version, and files that no row names."""

import re
from datetime import datetime, timedelta

from django.core.files.storage import Storage

from evals.models import Upload
from evals.services.evalsets import forget_upload

UPLOADS_KEPT = timedelta(days=1)
OUR_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\w+)?")


def forget_uploads(*, now: datetime) -> None:
    """Delete the uploads that never became a version, and what killed processes left on the disk.

    A process may be killed after its row is gone and before its file is, or the other way round.
    """
    for upload in Upload.objects.filter(created_at__lt=now - UPLOADS_KEPT):
        forget_upload(upload=upload)
    storage = Upload().file.storage
    for name in _left_over(storage, before=now - UPLOADS_KEPT):
        storage.delete(name)


def _left_over(storage: Storage, *, before: datetime) -> list[str]:
    """Return the old files of uploads that no row names."""
    try:
        _, files = storage.listdir("")
    except FileNotFoundError:
        return []  # nobody uploaded anything yet
    old = [name for name in files if OUR_NAME.fullmatch(name) and _is_old(storage, name, before)]
    named = set(Upload.objects.exclude(file="").values_list("file", flat=True))
    return [name for name in old if name not in named]


def _is_old(storage: Storage, name: str, before: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False  # somebody else deleted it a moment ago
