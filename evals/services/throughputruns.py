"""Carrying out a throughput test: ask, measure, store each level. Only workers import this.

No trial is stored: what is measured is the endpoint, not its answers.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import uvloop
from django.utils import timezone

from evals.domain.budget import Purse
from evals.domain.specs import CandidateSpec
from evals.engine.endpoints import AddressPolicy, EndpointError
from evals.engine.throughput import Asking, Loading, Sweep
from evals.models import ThroughputTest
from evals.models.prices import ThroughputState
from evals.queries.specs import candidate_spec
from evals.queries.throughput import sweep_plan, sweep_questions
from evals.services.connections import browser_policy, stored_key
from evals.services.secrets import UnreadableSecretError
from evals.services.threads import DatabaseThread

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the endpoint may be reached, and with which key."""

    api_key: str | None
    allow: AddressPolicy


def never() -> bool:
    """Return False: nothing ends the work before it is done."""
    return False


def carry_out(
    test_id: int,
    *,
    reach: Reach | None = None,
    show: Callable[[Loading], None] | None = None,
    should_end: Callable[[], bool] = never,
) -> None:
    """Measure what a test asks for and store each level; a second call does nothing.

    Args:
        test_id: Of the test.
        reach: None is what the browser may use: the stored key, and no addresses of its own.
        show: Called about once a second with how far it is.
        should_end: Asked as often; what was measured by then stays.
    """
    waiting = ThroughputTest.objects.filter(pk=test_id, state=ThroughputState.QUEUED)
    if not waiting.update(state=ThroughputState.RUNNING):
        return
    test = ThroughputTest.objects.select_related(
        "version", "candidate__endpoint__secret", "candidate__model", "candidate__harness"
    ).get(pk=test_id)
    visit = _Visit(test, show=show, should_end=should_end)
    try:
        visit.carry_out(reach or _reach_of(test))
    except (EndpointError, UnreadableSecretError) as error:
        visit.end(str(error), is_failed=True)
    except BaseException as error:
        # Without the error's own words, which may quote what a model was asked or said.
        visit.end(f"interrupted: {type(error).__name__}", is_failed=True)
        raise
    finally:
        visit.close()


def _reach_of(test: ThroughputTest) -> Reach:
    spec = candidate_spec(test.candidate)
    if spec.endpoint.api_key_env is not None:
        raise EndpointError("api_key_env: only the command line may read the environment")
    return Reach(api_key=stored_key(test.candidate), allow=browser_policy())


class _Visit:
    """One worker's work on one test."""

    def __init__(
        self,
        test: ThroughputTest,
        *,
        show: Callable[[Loading], None] | None,
        should_end: Callable[[], bool],
    ) -> None:
        self._test = test
        self._show = show
        self._should_end = should_end
        self._thread = DatabaseThread()
        self._levels: list[dict[str, Any]] = []

    def carry_out(self, reach: Reach) -> None:
        """Measure level by level, then say how it ended."""
        sweep = self._sweep(reach)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._measure(sweep))
        self.end(sweep.failure or sweep.ended, is_failed=bool(sweep.failure) or not sweep.levels)
        logger.info("throughput measured test=%s levels=%d", self._test.pk, len(sweep.levels))

    def end(self, message: str, *, is_failed: bool) -> None:
        """Close the test unless somebody did; in the thread that stores, so after its last word."""
        state = ThroughputState.FAILED if is_failed else ThroughputState.COMPLETED
        self._thread.submit(
            self._store, state=state, message=message, finished_at=timezone.now()
        ).result()

    def close(self) -> None:
        """Let the thread and its connection go."""
        self._thread.close()

    def _sweep(self, reach: Reach) -> Sweep:
        test, spec = self._test, candidate_spec(self._test.candidate)
        plan = sweep_plan(test.settings)
        seed, most = test.settings["seed"], plan.most_requests
        questions = self._thread.submit(
            sweep_questions, spec, test.version, seed=seed, most=most
        ).result()
        if not questions:
            raise EndpointError("no prompt can be made of any sample of the eval set")
        asking = Asking(
            api_key=reach.api_key, allow=reach.allow, wallet=_purse(spec, test.settings)
        )
        return Sweep(spec, questions, plan, asking=asking, heed=self._heed)

    async def _measure(self, sweep: Sweep) -> None:
        async for level in sweep.carry_out():
            self._levels.append(asdict(level))
            await self._thread.run(self._store, levels=self._levels)

    async def _heed(self, loading: Loading) -> bool:
        """Say how far it is; False once the worker has to go or somebody has ended the test."""
        if self._show is not None:
            self._show(loading)
        heard = {"heard_at": timezone.now().isoformat(), "progress": asdict(loading)}
        settings = self._test.settings | heard
        return await self._thread.run(self._store, settings=settings) and not self._should_end()

    def _store(self, **fields: Any) -> bool:
        running = ThroughputTest.objects.filter(pk=self._test.pk, state=ThroughputState.RUNNING)
        return bool(running.update(**fields))


def _purse(spec: CandidateSpec, settings: dict[str, Any]) -> Purse | None:
    budget = settings.get("budget_usd")
    if budget is None:
        return None
    return Purse(Decimal(budget), price=spec.price, harness=spec.harness)
