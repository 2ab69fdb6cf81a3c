"""Reading ahead: the next items are made in a thread while the ones at hand are dealt with."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
END = object()


def read_ahead(items: Iterator[T], *, most: int) -> Iterator[T]:
    """Return the items in their order, of which `most` at most are made before they are wanted.

    What making one raises is raised in its place. `items` may not touch the database: the thread
    would have a connection of its own.
    """
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(next, items, END) for _ in range(most))
        while (item := coming.popleft().result()) is not END:
            coming.append(pool.submit(next, items, END))
            yield item
