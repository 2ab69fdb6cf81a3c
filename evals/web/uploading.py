"""How uploaded files reach the disk: never past the limit."""

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

TOO_LARGE = "viability.file_too_large"


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes files to the disk as they come, and skips the rest of one that is over the limit."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.UPLOAD_LIMIT_BYTES:
            assert self.request is not None
            self.request.META[TOO_LARGE] = True  # Django keeps nothing of what is skipped
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


def was_too_large(request: HttpRequest) -> bool:
    """Return whether a file of the request was skipped; ask after its fields were read."""
    return bool(request.POST is not None and request.META.get(TOO_LARGE, False))


def limit_words() -> str:
    """Return the limit as people say it."""
    return f"{settings.UPLOAD_LIMIT_BYTES / 1_000_000:,.0f} MB"
