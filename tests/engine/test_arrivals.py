"""Replies that wait: whoever is told to stop waiting for them stops."""

import asyncio

import pytest

from evals.domain.trials import Question, Reply, TrialState
from evals.engine.arrivals import Answered, Arrivals

ANSWERED = Answered(Question(sample=1, epoch=0, prompt="?"), Reply(state=TrialState.OK, output="!"))


@pytest.mark.parametrize("turns", range(6))
def test_a_cancellation_just_as_the_wait_ends_is_heeded(turns):
    async def cancelled_after(turns: int) -> tuple[bool, bool]:
        arrivals = Arrivals(room=1)
        gathering = asyncio.create_task(arrivals.gather(60, most=1))
        await asyncio.sleep(0)
        putting = asyncio.create_task(arrivals.put(ANSWERED))  # which fills the room
        for _ in range(turns):
            await asyncio.sleep(0)
        was_done = gathering.done()
        gathering.cancel()
        await asyncio.wait([gathering])
        arrivals.take(1)
        await putting
        return was_done, gathering.cancelled()

    was_done, is_cancelled = asyncio.run(cancelled_after(turns))
    assert was_done is not is_cancelled
