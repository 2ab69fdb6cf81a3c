"""Loading an endpoint level by level with a task's own questions, through the pump."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from time import monotonic

from evals.domain.specendpoints import IN_WORKER, is_shared
from evals.domain.specs import CandidateSpec, EndpointKind
from evals.domain.throughput import Level, SweepPlan, level_of, why_stop
from evals.domain.trials import Question
from evals.engine.endpoints import (
    AddressPolicy,
    Distrustful,
    Endpoint,
    EndpointError,
    open_endpoint,
)
from evals.engine.limits import Limits, ProcessLimit
from evals.engine.pump import Pump, Wallet
from evals.engine.steadywindow import Window

GATHER_SECONDS = 0.005  # answers of one moment are counted together
LOOK_SECONDS = 1.0
PATIENCE = 2  # time-outs beyond the time of a level, for warm-up and for slow answers
TOLD = "it was told to end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How far a sweep is: the level at hand, and how many answers of it were measured."""

    concurrency: int
    measured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What an endpoint is asked with beside the candidate's own settings."""

    api_key: str | None = None
    allow: AddressPolicy = AddressPolicy.ANYWHERE
    wallet: Wallet | None = None


class Sweep:
    """One sweep: `levels` as they are measured, `ended` says why it stopped before the last one.

    `failure` is what makes further asking senseless: a wrong key, nobody listening, no money.
    """

    def __init__(
        self,
        candidate: CandidateSpec,
        questions: Sequence[Question],
        plan: SweepPlan,
        *,
        asking: Asking = Asking(),
        heed: Callable[[Loading], Awaitable[bool]],
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            candidate: Whose endpoint and harness are measured.
            questions: In the order of asking; asked again from the first where they run out.
            plan: The levels, and how long each takes.
            asking: Key, reach and money.
            heed: Told once a second how far it is; False ends the sweep.

        Raises:
            EndpointError: For recorded answers, which nobody has to wait for.
        """
        if candidate.endpoint.kind is EndpointKind.RECORDED:
            raise EndpointError(
                "endpoint.kind recorded: these answers exist already, nothing serves them: "
                "expected a candidate that can be asked"
            )
        self.levels: list[Level] = []
        self.ended = self.failure = ""
        self._candidate = candidate
        self._plan = plan
        self._asking = asking
        self._heed = heed
        self._questions = cycle(questions)
        self._has_responded = False

    async def carry_out(self) -> AsyncIterator[Level]:
        """Yield each level when it is measured, until the last one or a reason to stop."""
        for concurrency in self._plan.levels:
            level = await self._level(concurrency)
            if level is None:
                return
            self.levels.append(level)
            yield level
            if self.failure or self.ended:
                return
            if concurrency != self._plan.levels[-1]:
                self.ended = why_stop(self.levels)
            if self.ended:
                return

    async def _level(self, concurrency: int) -> Level | None:
        """Return what a level measured, None where that is nothing."""
        candidate = at_once(self._candidate, concurrency)
        endpoint = open_endpoint(candidate, api_key=self._asking.api_key, allow=self._asking.allow)
        if isinstance(endpoint, Distrustful):
            endpoint.has_responded = self._has_responded
        try:
            window = await self._ask(endpoint, candidate, concurrency)
        finally:
            await endpoint.close()
        self._has_responded = self._has_responded or bool(window.replies)
        if not window.is_full:
            return None
        return level_of(
            window.replies,
            concurrency=concurrency,
            seconds=window.measured_seconds,
            latency_bar_seconds=self._plan.latency_bar_seconds,
            throttled=window.throttled,
        )

    async def _ask(self, endpoint: Endpoint, candidate: CandidateSpec, level: int) -> Window:
        spec = candidate.endpoint
        limits = Limits(
            concurrency=endpoint.concurrency,
            requests_per_minute=spec.requests_per_minute,
            tokens_per_minute=spec.tokens_per_minute,
        )
        window = Window(warm_up=level, most=self._plan.measured(level), seconds=self._plan.seconds)
        pump = Pump(
            endpoint,
            self._some(self._plan.asked(level)),
            limit=ProcessLimit(limits),
            wallet=self._asking.wallet,
            grace_seconds=spec.timeout_seconds,
        )
        async with pump:
            watching = asyncio.create_task(self._watch(pump, window, level))
            try:
                async for batch in pump.batches(gather_seconds=GATHER_SECONDS):
                    window.take([each.reply for each in batch], now=monotonic())
                    if window.is_full:
                        pump.stop(grace_seconds=spec.timeout_seconds)
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
        if not (self.ended or self.failure):
            window.end()
        window.throttled = pump.stats.throttled
        if pump.fatal is not None:
            self.failure = pump.fatal.reply.error
        elif pump.is_spent:
            self.failure = "the budget is spent"
        return window

    async def _some(self, count: int) -> AsyncIterator[Question]:
        for question in islice(self._questions, count):
            yield question

    async def _watch(self, pump: Pump, window: Window, level: int) -> None:
        """Tell how far it is once a second, and end where that is wanted or nothing comes."""
        patience = self._plan.seconds + PATIENCE * self._candidate.endpoint.timeout_seconds
        until = monotonic() + patience
        while await self._heed(Loading(concurrency=level, measured=len(window.replies))):
            if monotonic() > until:
                came = f"{len(window.replies)} answers came within {patience:.0f} s"
                self.failure = f"at {level} at once {came}, too few to measure anything"
                pump.stop(grace_seconds=0)
                return
            await asyncio.sleep(LOOK_SECONDS)
        self.ended = TOLD
        pump.stop(grace_seconds=0)


def at_once(candidate: CandidateSpec, level: int) -> CandidateSpec:
    """Return the candidate as it is asked `level` questions at once.

    A model in the worker takes them as one batch; a server takes as many requests.
    """
    endpoint = candidate.endpoint
    if endpoint.kind in IN_WORKER and not is_shared(endpoint):
        return replace(candidate, endpoint=replace(endpoint, batch_size=level))
    return replace(candidate, endpoint=replace(endpoint, concurrency=level))
