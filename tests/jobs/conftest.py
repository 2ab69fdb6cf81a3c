"""What tests of jobs may ask for."""

from tests.services.conftest import server

__all__ = ["server"]
