"""What never changes, kept in this process: figures of ended evaluations, sets once sealed.

Each web process has its own; what is not kept is read anew, so nothing hangs on it but time.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The values that were used last, as many as fit; shared by the process's threads."""

    def __init__(self, most: int, *, size: Callable[[T], int] = lambda _: 1) -> None:
        """Keep values whose sizes add up to `most` at the most, the newest in any case."""
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._most, self._size, self._total = most, size, 0
        self._lock = Lock()

    def get(self, key: Hashable, made: Callable[[], T]) -> T:
        """Return the value of a key, made where it is not kept. Two threads may both make it."""
        found = self.peek(key)
        if found is None:
            found = made()
            self.put(key, found)
        return found

    def peek(self, key: Hashable) -> T | None:
        """Return the value of a key, None where it is not kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: T) -> None:
        """Keep a value, and let go of what no longer fits."""
        size = self._size(value)
        with self._lock:
            self._forget(key)
            self._values[key] = (value, size)
            self._total += size
            while self._total > self._most and len(self._values) > 1:
                self._forget(next(iter(self._values)))

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        with self._lock:
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        if key in self._values:
            self._total -= self._values.pop(key)[1]
