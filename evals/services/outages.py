"""A database that is away for a moment: a restart, a failover, a broken connection."""

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 25.0  # leases last little longer, and then the work is somebody else's
PAUSE_SECONDS = 0.25

logger = logging.getLogger(__name__)


def outlast(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a call returns that is safe to make twice, made anew while the database is away.

    Raises:
        OperationalError: If it stays away; so does InterfaceError.
    """
    deadline = time.monotonic() + LONGEST_SECONDS
    is_logged = False
    while True:
        try:
            return call(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() >= deadline:
                raise
            if not is_logged:
                logger.warning("database away error=%s", type(error).__name__)
                is_logged = True
            connection.close()  # or the broken one would be tried again
            time.sleep(PAUSE_SECONDS)
