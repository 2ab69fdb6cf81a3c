"""Reading ahead: the next items are made in a thread while the ones at hand are dealt with."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Iterator[T], *, most: int) -> Generator[T, None, None]:
    """Return the items in their order, of which `most` at most are made before they are wanted.

    What making one raises is raised in its place. `items` may not touch the database: the thread
    would have a connection of its own.
    """
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(_some, items) for _ in range(most))
        while some := coming.popleft().result():
            coming.append(pool.submit(_some, items))
            yield from some


def _some(items: Iterator[T]) -> list[T]:
    """Return the next item, or nothing at the end."""
    return list(islice(items, 1))
