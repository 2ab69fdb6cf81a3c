"""Ringing at another broker than this test run's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from viability.celery import app


@contextmanager
def bells_at(url: str) -> Iterator[None]:
    """Let this process ring at that broker while the block runs."""
    own = app.conf.broker_url
    _ring_at(url)
    try:
        yield
    finally:
        _ring_at(own)


def _ring_at(url: str) -> None:
    app.conf["broker_url"] = url
    vars(app.amqp)["_producer_pool"] = None  # it would keep the connection to the other one
