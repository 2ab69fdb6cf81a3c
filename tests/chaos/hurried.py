"""The project's Celery app with clocks that a test can wait for: `celery -A tests.chaos.hurried`.

CHAOS_LEASE, CHAOS_RING_AGAIN and CHAOS_BEAT are in seconds; what is not set stays as it is.
"""

import os
from datetime import timedelta
from importlib import import_module

from celery.signals import worker_init

from viability.celery import app

__all__ = ["app"]


@worker_init.connect
def shorten(**_: object) -> None:
    """Shorten the clocks of a worker before it forks."""
    if lease := os.environ.get("CHAOS_LEASE"):
        vars(import_module("evals.services.shards"))["LEASE"] = _time(lease)
        sharing = vars(import_module("evals.engine.sharing"))
        sharing["LEASE_SECONDS"], sharing["STALE_SECONDS"] = float(lease), 0.8 * float(lease)
    if again := os.environ.get("CHAOS_RING_AGAIN"):
        vars(import_module("evals.services.evaluations"))["RING_AGAIN"] = _time(again)


def _time(seconds: str) -> timedelta:
    return timedelta(seconds=float(seconds))


if beat := os.environ.get("CHAOS_BEAT"):
    app.conf.beat_schedule["ring-for-unfinished-work"]["schedule"] = float(beat)
    app.conf.beat_max_loop_interval = float(beat)
