"""How many rows a query has beyond those that are read, told by these: no query more."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Window

TOTAL = Window(Count("pk"))  # as `total`: of all rows, whatever part of them is read


def not_shown(rows: Sequence[Any]) -> int:
    """Return how many rows there are beyond these, the first ones, annotated with `TOTAL`."""
    return int(rows[0].total) - len(rows) if rows else 0
