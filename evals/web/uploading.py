"""How uploaded files reach the disk: never past the limit."""

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

TOO_LARGE = "viability.file_too_large"


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes files to the disk as they come, and skips the rest of one that is over the limit."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of a file, or leave a mark in the request: Django keeps none itself."""
        if start + len(raw_data) > settings.UPLOAD_LIMIT_BYTES:
            if self.request:
                self.request.META[TOO_LARGE] = True
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


def was_too_large(request: HttpRequest) -> bool:
    """Return whether a file of the request was skipped."""
    _ = request.FILES  # reads the request, if nobody has yet
    return bool(request.META.get(TOO_LARGE, False))


def limit_words() -> str:
    """Return the limit as people say it."""
    return f"{settings.UPLOAD_LIMIT_BYTES / 1_000_000:,.0f} MB"
