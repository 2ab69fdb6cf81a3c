"""What text from outside goes through before it is kept or shown."""

import re

SHOWN = 500

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL and UTF-8 have no room for these
_SPACES = re.compile(r"\s+")


def storable(text: str) -> str:
    """Return `text` with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def shortened(text: str, limit: int = SHOWN) -> str:
    """Return `text` on one line, storable, at most `limit` characters long."""
    line = _SPACES.sub(" ", storable(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def redacted(text: str, secret: str | None) -> str:
    """Return `text` with every occurrence of `secret` replaced by `[key]`."""
    return text.replace(secret, "[key]") if secret else text
