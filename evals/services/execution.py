"""Carrying out a run: lease, ask, score, store, until nothing is left. Only workers import this."""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable

import uvloop
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from evals.engine.endpoints import EndpointError
from evals.models import Run
from evals.queries.work import RunWork, run_work
from evals.services import evaluations, shards, verdicts
from evals.services.outages import outlast
from evals.services.secrets import UnreadableSecretError
from evals.services.visits import Visit

logger = logging.getLogger(__name__)


def never() -> bool:
    """Return False: nothing ends the work before it is done."""
    return False


def work_on_run(run_id: int, *, should_end: Callable[[], bool] = never) -> None:
    """Do what is left of a run, or as much of it as nobody else holds.

    `should_end` is asked every second; once it says so, what is in flight is given a few seconds
    and the rest is left for another worker.

    Raises:
        OperationalError: If the database is away; the leases run out and the run is rung for anew.
    """
    # Whoever stored the last of it may have died before saying so.
    outlast(evaluations.complete_run, run_id=run_id, now=timezone.now())
    if outlast(evaluations.begin_run, run_id=run_id, now=timezone.now()):
        _do(run_id, should_end)
        outlast(evaluations.complete_run, run_id=run_id, now=timezone.now())
    outlast(_close, run_id)


def _close(run_id: int) -> None:
    for run in Run.objects.filter(pk=run_id):
        verdicts.close_evaluation(evaluation_id=run.evaluation_id, now=timezone.now())


def _do(run_id: int, should_end: Callable[[], bool]) -> None:
    """Work on the run until there is no more to do here; what stands in the way pauses it."""
    holder = shards.new_holder()
    try:
        _visit(outlast(run_work, run_id), holder, should_end)
    except (EndpointError, UnreadableSecretError) as error:
        evaluations.pause_run(run_id=run_id, message=str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - or the run would be rung for and fail for ever
        # Without the error's own words, which may quote what a model was asked or said.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("run failed run=%s error=%s\n%s", run_id, type(error).__name__, frames)  # noqa: TRY400
        message = f"the worker failed: {type(error).__name__}: {error}"
        evaluations.pause_run(run_id=run_id, message=message)
    finally:
        outlast(evaluations.leave_run, run_id=run_id, holder=holder)


def _visit(work: RunWork, holder: str, should_end: Callable[[], bool]) -> None:
    started = time.monotonic()
    visit = Visit(work, holder=holder, should_end=should_end)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(visit.carry_out())
    finally:
        visit.close()
    logger.info(
        "run left run=%s asked=%d stored=%d seconds=%.1f",
        work.run.pk,
        visit.asked,
        visit.writer.stored,
        time.monotonic() - started,
    )
