"""Wrong passwords, counted for each address and e-mail, so that guessing is slow."""

import hashlib

from django.core.cache import cache

TRIES = 10
MINUTES = 15


def is_closed(address: str, email: str) -> bool:
    """Return whether there were too many wrong passwords of late."""
    return int(cache.get(_key(address, email), 0)) >= TRIES


def count(address: str, email: str) -> None:
    """Count one try, before its password is looked at."""
    key = _key(address, email)
    cache.add(key, 0, timeout=MINUTES * 60)
    cache.incr(key)


def forget(address: str, email: str) -> None:
    """Start anew, after a right password."""
    cache.delete(_key(address, email))


def _key(address: str, email: str) -> str:
    digest = hashlib.sha256(f"{address}/{email.casefold()}".encode()).hexdigest()
    return f"sign-in/{digest}"
