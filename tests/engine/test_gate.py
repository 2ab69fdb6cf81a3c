"""Tasks that wait for a limit."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any

from evals.engine.gate import Gate
from evals.engine.limits import Limits, Outcome, ProcessLimit


def gate(concurrency: int = 1, **rates: float) -> Gate:
    return Gate(ProcessLimit(Limits(concurrency=concurrency, **rates)))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_comes_first_enters_first_and_a_repeated_call_before_new_ones():
    async def main() -> Any:
        subject, order = gate(), []

        async def call(name: str, *, is_new: bool = True) -> None:
            await subject.enter(0, is_new=is_new)
            order.append(name)
            await settle()
            subject.leave(0)

        first = [asyncio.create_task(call(name)) for name in "abc"]
        await asyncio.sleep(0)
        await asyncio.gather(*first, call("again", is_new=False))
        return order

    assert asyncio.run(main()) == ["a", "again", "b", "c"]


def test_closing_turns_new_calls_away_and_lets_repeated_ones_in():
    async def main() -> Any:
        subject = gate()
        await subject.enter(0)
        waiting = asyncio.create_task(subject.enter(0))
        again = asyncio.create_task(subject.enter(0, is_new=False))
        await settle()
        subject.close()
        subject.leave(0)
        return await waiting, await again, await subject.enter(0)

    assert asyncio.run(main()) == (False, True, False)


def test_a_cancelled_call_leaves_nothing_behind():
    async def main() -> Any:
        subject = gate()
        await subject.enter(0)
        waiting = [asyncio.create_task(subject.enter(0)) for _ in range(3)]
        await settle()
        waiting[0].cancel()
        subject.leave(0)  # admits the second, which is cancelled before it hears of it
        waiting[1].cancel()
        for task in waiting[:2]:
            with suppress(asyncio.CancelledError):
                await task
        return await waiting[2], subject.inside, subject.limit.in_flight

    assert asyncio.run(main()) == (True, 1, 1)


def test_a_limit_that_is_raised_is_noticed_without_a_word():
    async def main() -> Any:
        subject = gate(0)
        waiting = asyncio.create_task(subject.enter(0))
        await settle()
        subject.limit.retune(Limits(concurrency=1))
        async with asyncio.timeout(2):
            return await waiting

    assert asyncio.run(main())


def test_the_pace_is_kept_while_many_wait():
    async def main() -> Any:
        subject, loop = gate(50, requests_per_minute=3000), asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*(subject.enter(0) for _ in range(21)))
        return loop.time() - started

    assert 0.38 <= asyncio.run(main()) < 1


def test_a_blocked_limit_lets_go_when_it_is_time():
    async def main() -> Any:
        subject, loop = gate(4), asyncio.get_running_loop()
        for tenth in range(12):
            moment = loop.time() - 1.2 + tenth / 10
            outcome = Outcome(sent_at=moment, is_throttled=True, wait_seconds=0.4)
            subject.limit.report(outcome, now=moment)
        started = loop.time()
        await subject.enter(0)
        return loop.time() - started

    assert 0.1 <= asyncio.run(main()) < 0.6


def test_nobody_is_let_in_from_a_moment_on_until_a_later_one_is_named():
    async def main() -> Any:
        subject = gate(2)
        subject.valid_until = monotonic() - 1
        waiting = [asyncio.create_task(subject.enter(0, is_new=new)) for new in (True, False)]
        await asyncio.sleep(0.3)
        before = [call.done() for call in waiting]
        subject.valid_until = monotonic() + 60
        return before, await asyncio.gather(*waiting)

    assert asyncio.run(main()) == ([False, False], [True, True])
