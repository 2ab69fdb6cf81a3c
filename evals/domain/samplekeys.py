"""The keys of a file's samples, remembered so that each is there once."""

import hashlib
from collections.abc import Sequence


class KnownKeys:
    """Remembers keys as 16-byte hashes, each with the place where it stood first."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}

    def first_place(self, key: str, place: int) -> int | None:
        """Return where `key` stood before, or remember that it stands here and return None."""
        digest = _digest(key)
        first = self._places.get(digest)
        if first is None:
            self._places[digest] = place
        return first

    def take_new(self, keys: Sequence[str], places: Sequence[int]) -> bool:
        """Remember all of `keys`, or none of them and return False where one is not new."""
        digests = dict(zip(map(_digest, keys), places, strict=True))
        if len(digests) < len(keys) or not self._places.keys().isdisjoint(digests):
            return False
        self._places.update(digests)
        return True


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
