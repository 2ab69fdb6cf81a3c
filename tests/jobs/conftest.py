"""What tests of jobs may ask for."""

import viability.celery  # noqa: F401 - or bells ring at the default app's broker
from tests.services.conftest import server

__all__ = ["server"]
