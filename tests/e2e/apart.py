"""Work with the database in a thread of its own: Playwright's loop runs in this one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from evals.models import Evaluation
from tests import make

T = TypeVar("T")


def apart(do: Callable[[], T]) -> T:
    """Return what `do` returns in another thread."""

    def done() -> T:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


def finished_evaluation(**options: Any) -> Evaluation:
    """Carry an evaluation out."""
    return apart(lambda: make.evaluation(**options))
