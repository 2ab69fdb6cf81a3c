"""The loop that keeps an endpoint busy."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.budget import Purse
from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
    PriceSpec,
)
from evals.domain.trials import Question, Reply, TrialState
from evals.engine.endpoints import open_endpoint
from evals.engine.limits import Limits, ProcessLimit
from evals.engine.pump import Answered, Pump
from tests.fakes import Answer, FakeOpenAI


class SlowEndpoint:
    """Answers every question after `seconds`, or when `gate` opens; notes what it sees."""

    def __init__(
        self,
        *,
        concurrency: int = 4,
        batch_size: int = 1,
        seconds: float = 0.001,
        fatal_at: int | None = None,
        gate: asyncio.Event | None = None,
    ) -> None:
        self.batch_size = batch_size
        self.concurrency = concurrency
        self.seconds = seconds
        self.fatal_at = fatal_at
        self.gate = gate
        self.batches: list[list[int]] = []
        self.in_flight = 0
        self.levels: list[int] = []

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        self.batches.append([question.sample for question in questions])
        self.in_flight += 1
        self.levels.append(self.in_flight)
        try:
            await asyncio.sleep(self.seconds)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.in_flight -= 1
        return [self._reply(question) for question in questions]

    async def close(self) -> None:
        pass

    @property
    def asked(self) -> list[int]:
        return [sample for batch in self.batches for sample in batch]

    def _reply(self, question: Question) -> Reply:
        if self.fatal_at is not None and question.sample >= self.fatal_at:
            return Reply(state=TrialState.MODEL_ERROR, error="bad key", is_fatal=True)
        return Reply(state=TrialState.OK, output=str(question.sample))


async def questions(count: int, *, read: list[int] | None = None) -> AsyncIterator[Question]:
    for sample in range(count):
        if read is not None:
            read.append(sample)
        yield Question(sample=sample, epoch=0, prompt="x")


async def collect(pump: Pump) -> list[Answered]:
    return [answered async for batch in pump.batches(gather_seconds=0.005) for answered in batch]


def test_every_question_gets_its_own_reply_once():
    async def main() -> Any:
        endpoint = SlowEndpoint()
        async with Pump(endpoint, questions(500)) as pump:
            return await collect(pump), pump.stats

    answered, stats = asyncio.run(main())
    assert sorted(question.sample for question, _ in answered) == list(range(500))
    assert all(reply.output == str(question.sample) for question, reply in answered)
    assert (stats.in_flight, stats.waiting) == (0, 0)
    assert (stats.asked, stats.answered, stats.throttled) == (500, 500, 0)


def test_concurrency_is_never_passed_and_kept_full():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=16, seconds=0.01)
        async with Pump(endpoint, questions(400)) as pump:
            await collect(pump)
        return endpoint

    endpoint = asyncio.run(main())
    assert max(endpoint.levels) == 16
    full = sum(level == 16 for level in endpoint.levels[16:])
    assert full / len(endpoint.levels[16:]) > 0.5


def test_over_http_the_server_sees_the_allowed_number_at_once():
    async def main(base_url: str) -> Any:
        endpoint = open_endpoint(_candidate(base_url, concurrency=16))
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with Pump(endpoint, questions(320)) as pump:
            answered = await collect(pump)
        await endpoint.close()
        return answered, loop.time() - started

    with FakeOpenAI(latency_seconds=0.02) as server:
        answered, seconds = asyncio.run(main(server.base_url))
    assert len(answered) == len(server.requests) == 320
    assert server.most_in_flight == 16
    assert server.connections_opened == 16
    print(f"wall over N x latency / concurrency: {seconds / (320 * 0.02 / 16):.2f}")  # noqa: T201


def _candidate(base_url: str, **endpoint: Any) -> CandidateSpec:
    return CandidateSpec(
        name="x",
        model=ModelSpec(id="x", open=True),
        endpoint=EndpointSpec(kind=EndpointKind.OPENAI, base_url=base_url, **endpoint),
        harness=HarnessSpec(prompt=""),
    )


def test_throttling_is_counted():
    async def main(base_url: str) -> Any:
        endpoint = open_endpoint(_candidate(base_url, concurrency=2))
        async with Pump(endpoint, questions(6)) as pump:
            await collect(pump)
        await endpoint.close()
        return pump.stats

    with FakeOpenAI(script=[Answer(status=429, body={})] * 2) as server:
        assert asyncio.run(main(server.base_url)).throttled == 2


def test_batches_are_filled():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=1, batch_size=8)
        async with Pump(endpoint, questions(20)) as pump:
            await collect(pump)
        return endpoint

    assert [len(batch) for batch in asyncio.run(main()).batches] == [8, 8, 4]


def test_questions_are_read_ahead_and_no_further():
    async def main() -> Any:
        read: list[int] = []
        gate = asyncio.Event()
        endpoint = SlowEndpoint(concurrency=2, gate=gate)
        async with Pump(endpoint, questions(10_000, read=read)) as pump:
            await asyncio.sleep(0.05)
            ahead = len(read), pump.stats.in_flight, pump.stats.waiting
            gate.set()
        return ahead

    read, in_flight, waiting = asyncio.run(main())
    assert in_flight == 2
    assert 2 * 2 <= waiting <= 32
    assert read <= 2 + 32 + 1


def test_a_slow_consumer_slows_the_asking():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=50, seconds=0)
        async with Pump(endpoint, questions(10_000)) as pump:
            batches = pump.batches(gather_seconds=0.001)
            await anext(batches)
            await asyncio.sleep(0.2)
            asked = len(endpoint.asked)
            await batches.aclose()
        return asked

    assert asyncio.run(main()) < 4000


def test_stopping_starts_nothing_new_and_keeps_what_is_in_flight():
    async def main() -> Any:
        gate = asyncio.Event()
        endpoint = SlowEndpoint(concurrency=4, gate=gate)
        async with Pump(endpoint, questions(1000)) as pump:
            await asyncio.sleep(0.02)
            pump.stop()
            gate.set()
            return await collect(pump), endpoint

    answered, endpoint = asyncio.run(main())
    assert sorted(question.sample for question, _ in answered) == [0, 1, 2, 3]
    assert endpoint.asked == [0, 1, 2, 3]


def test_stopping_with_a_grace_gives_up_on_calls_that_outlast_it():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=4, gate=asyncio.Event())
        async with Pump(endpoint, questions(1000)) as pump:
            await asyncio.sleep(0.02)
            pump.stop(grace_seconds=0.02)
            return await collect(pump), endpoint

    answered, endpoint = asyncio.run(main())
    assert answered == []
    assert endpoint.in_flight == 0


def test_stopping_wakes_a_feeder_that_waits_and_closes_it():
    closed: list[bool] = []

    async def waiting() -> AsyncIterator[Question]:
        try:
            yield Question(sample=0, epoch=0, prompt="x")
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def main() -> Any:
        async with Pump(SlowEndpoint(), waiting()) as pump:
            answered = []
            async for batch in pump.batches():
                answered += batch
                pump.stop()
            return answered

    assert len(asyncio.run(main())) == 1
    assert closed == [True]


def test_a_fatal_reply_stops_the_feeding_and_is_kept_apart():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=4, fatal_at=20)
        async with Pump(endpoint, questions(10_000)) as pump:
            return await collect(pump), pump.fatal, endpoint

    answered, fatal, endpoint = asyncio.run(main())
    assert {question.sample for question, _ in answered} == set(range(20))
    assert fatal is not None
    assert fatal.reply.error == "bad key"
    assert len(endpoint.asked) < 32


def test_an_error_of_the_feeder_is_raised_after_the_replies():
    async def broken() -> AsyncIterator[Question]:
        for sample in range(5):
            yield Question(sample=sample, epoch=0, prompt="x")
        await asyncio.sleep(0.02)
        raise OSError("database gone")

    answered: list[Answered] = []

    async def main() -> Any:
        async with Pump(SlowEndpoint(), broken()) as pump:
            async for batch in pump.batches():
                answered.extend(batch)

    with pytest.raises(OSError, match="database gone"):
        asyncio.run(main())
    assert len(answered) == 5


def test_an_endpoint_that_raises_is_not_silent():
    class Broken(SlowEndpoint):
        async def answer(self, questions: Sequence[Question]) -> list[Reply]:
            if questions[0].sample == 7:
                raise ZeroDivisionError
            return await super().answer(questions)

    async def main() -> Any:
        async with Pump(Broken(), questions(1000)) as pump:
            await collect(pump)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


def test_leaving_early_ends_every_task():
    async def main() -> Any:
        async with Pump(SlowEndpoint(gate=asyncio.Event()), questions(1000)):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_requests_per_minute_spaces_the_calls():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=8, seconds=0)
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with Pump(endpoint, questions(31), requests_per_minute=6000) as pump:
            await collect(pump)
        return loop.time() - started

    assert asyncio.run(main()) >= 0.3


def test_stopping_does_not_wait_for_the_pace():
    async def main() -> Any:
        endpoint = SlowEndpoint(concurrency=2)
        async with Pump(endpoint, questions(100), requests_per_minute=1) as pump:
            await asyncio.sleep(0.02)
            pump.stop()
            async with asyncio.timeout(1):
                return await collect(pump)

    assert len(asyncio.run(main())) == 1


def test_memory_does_not_grow_with_the_number_of_samples():
    async def peak(count: int) -> int:
        tracemalloc.start()
        endpoint = SlowEndpoint(concurrency=64, seconds=0)
        endpoint.batches = endpoint.levels = _Nothing()
        async with Pump(endpoint, questions(count)) as pump:
            async for _ in pump.batches(gather_seconds=0):
                pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    small, large = asyncio.run(peak(1_000)), asyncio.run(peak(10_000))
    assert large < small + 1_000_000


class _Nothing(list[Any]):
    """A list that keeps nothing."""

    def append(self, _item: Any) -> None:
        pass


def test_room_for_more_or_fewer_calls_is_made_while_it_runs():
    async def main() -> list[int]:
        limit = ProcessLimit(Limits(concurrency=64))
        endpoint = SlowEndpoint(concurrency=64, seconds=0.01)
        seen = list[int]()
        async with Pump(endpoint, questions(100_000), limit=limit, calls=4) as pump:
            taking = asyncio.create_task(collect(pump))
            for calls in (4, 24, 2, 12):
                pump.make_room(calls)
                await asyncio.sleep(0.1)
                seen.append(pump.stats.in_flight)
            pump.stop(grace_seconds=0)
            await taking
        return seen

    assert asyncio.run(main()) == [4, 24, 2, 12]


def test_what_is_read_ahead_follows_the_room_for_calls():
    async def main() -> tuple[int, int]:
        gate = asyncio.Event()
        endpoint = SlowEndpoint(concurrency=100, gate=gate)
        async with Pump(endpoint, questions(10_000), calls=30) as pump:
            await asyncio.sleep(0.05)
            first = pump.stats.waiting
            pump.make_room(100)
            await asyncio.sleep(0.05)
            return first, pump.stats.waiting

    assert asyncio.run(main()) == (60, 200)


def test_it_wants_any_number_of_calls_until_the_questions_run_dry():
    async def main() -> list[int]:
        limit = ProcessLimit(Limits(concurrency=0))
        endpoint = SlowEndpoint(concurrency=8, seconds=0.05)
        wanted = list[int]()
        async with Pump(endpoint, questions(20), limit=limit) as pump:
            wanted.append(pump.wanted)
            taking = asyncio.create_task(collect(pump))
            await asyncio.sleep(0.05)
            wanted.append(pump.wanted)
            limit.retune(Limits(concurrency=15))
            await taking
            wanted.append(pump.wanted)
        return wanted

    before, dry, after = asyncio.run(main())
    assert before > 1000
    assert (dry, after) == (20, 0)


def purse(dollars: str) -> Purse:
    price = PriceSpec(usd_per_request=Decimal(1))
    return Purse(Decimal(dollars), price=price, harness=HarnessSpec(prompt="x"))


def test_a_question_that_pauses_comes_back_though_others_wait_for_its_money():
    async def main(base_url: str) -> Any:
        endpoint, wallet = open_endpoint(_candidate(base_url, concurrency=1)), purse("1.5")
        async with asyncio.timeout(20), Pump(endpoint, questions(9), wallet=wallet) as pump:
            answered = await collect(pump)
        await endpoint.close()
        return len(answered), pump.is_spent, wallet.reserved

    with FakeOpenAI(script=[Answer(status=500, body={})]) as server:
        assert asyncio.run(main(server.base_url)) == (1, True, 0)


def test_money_of_questions_that_are_never_asked_is_put_back():
    async def main() -> Any:
        limit, wallet = ProcessLimit(Limits(concurrency=0)), purse("9")  # nobody is let in
        async with Pump(SlowEndpoint(), questions(9), limit=limit, wallet=wallet) as pump:
            await asyncio.sleep(0.05)
            before = wallet.reserved
            pump.stop()
            answered = await collect(pump)
        return len(answered), before, wallet.reserved, wallet.spent

    assert asyncio.run(main()) == (0, 4, 0, 0)
