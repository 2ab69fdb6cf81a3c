"""The pump with limits, retries and a wallet, over real connections where it matters."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.budget import Purse, worst_case_usd
from evals.domain.specs import HarnessSpec, PriceSpec
from evals.domain.trials import Question, Reply, TrialState
from evals.engine.endpoints import open_endpoint, retries
from evals.engine.limits import Limits, ProcessLimit
from evals.engine.pump import Answered, Pump
from tests.engine.asking import candidate
from tests.fakes import Answer, FakeOpenAI

HARNESS = HarnessSpec(prompt="", max_tokens=100)
PRICE = PriceSpec(input_usd_per_mtok=Decimal(1000), output_usd_per_mtok=Decimal(1000))
USAGE = {"prompt_tokens": 4, "completion_tokens": 6}


async def questions(count: int) -> AsyncIterator[Question]:
    for sample in range(count):
        yield Question(sample=sample, epoch=0, prompt="x")


def pumped(
    server: FakeOpenAI, count: int, *, concurrency: int = 4, **options: Any
) -> tuple[list[Answered], Pump, float]:
    """Return what came of so many questions, the pump, and the seconds it took."""

    async def main() -> Any:
        spec = candidate(server.base_url, harness=HARNESS, concurrency=concurrency)
        endpoint, loop = open_endpoint(spec), asyncio.get_running_loop()
        started, answered = loop.time(), []
        async with Pump(endpoint, questions(count), **options) as pump:
            async for batch in pump.batches(gather_seconds=0.005):
                answered += batch
        await endpoint.close()
        return answered, pump, loop.time() - started

    result: tuple[list[Answered], Pump, float] = asyncio.run(main())
    return result


def test_a_pause_before_another_attempt_leaves_its_place_to_others(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)
    script = [Answer(status=500, headers={"Retry-After": "1"}, body={})] * 2
    with FakeOpenAI(latency_seconds=0.02, script=script) as server:
        answered, _, seconds = pumped(server, 60, concurrency=2)
    assert len(answered) == 60
    assert server.most_in_flight == 2
    assert 1 <= seconds < 1.6  # 0.6 s of asking go on while two questions wait


def test_the_server_never_sees_more_than_the_window_though_spare_workers_wait(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)
    script = [Answer(status=429, body={}) for _ in range(30)]
    limit = ProcessLimit(Limits(concurrency=16))
    with FakeOpenAI(latency_seconds=0.01, script=script) as server:
        answered, pump, _ = pumped(server, 300, concurrency=16, limit=limit)
    assert len(answered) == 300
    assert all(reply.state is TrialState.OK for _, reply in answered)
    assert server.most_in_flight <= 16
    assert pump.stats.throttled == limit.throttled == 30
    assert (limit.in_flight, pump.stats.in_flight, pump.stats.pausing) == (0, 0, 0)


def test_attempts_count_against_the_pace(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.001)
    script = [Answer(status=500, body={})] * 10
    with FakeOpenAI(script=script) as server:
        _, _, seconds = pumped(server, 11, requests_per_minute=3000)
    assert len(server.requests) == 21
    assert seconds >= 0.38


def test_tokens_a_minute_are_kept_by_what_is_really_used():
    limit = ProcessLimit(Limits(concurrency=8, tokens_per_minute=6000))
    with FakeOpenAI(usage=USAGE) as server:
        _, _, seconds = pumped(server, 6, concurrency=8, limit=limit)
    # Each is let in at its worst case, a bit more than a second, and settles for a tenth of it.
    assert 0.2 <= seconds < 2


def test_a_limit_can_be_retuned_while_it_runs():
    async def main(server: FakeOpenAI) -> int:
        limit = ProcessLimit(Limits(concurrency=8))
        spec = candidate(server.base_url, concurrency=8)
        endpoint = open_endpoint(spec)
        async with Pump(endpoint, questions(400), limit=limit) as pump:
            async for _ in pump.batches(gather_seconds=0.01):
                if pump.stats.answered >= 100 and limit.window == 8:
                    limit.retune(Limits(concurrency=2))
                    await asyncio.sleep(0.05)
                    server.most_in_flight = 0
                if pump.stats.answered >= 200:
                    break
        await endpoint.close()
        return server.most_in_flight

    with FakeOpenAI(latency_seconds=0.01) as server:
        assert asyncio.run(main(server)) == 2


def test_stopping_asks_nothing_new_over_http_either():
    async def main(server: FakeOpenAI) -> Any:
        endpoint = open_endpoint(candidate(server.base_url, concurrency=4))
        async with Pump(endpoint, questions(1000)) as pump:
            await asyncio.sleep(0.1)
            pump.stop()
            answered = [each async for batch in pump.batches() for each in batch]
        await endpoint.close()
        return answered

    with FakeOpenAI(latency_seconds=0.2) as server:
        answered = asyncio.run(main(server))
    assert len(answered) == len(server.requests) == 4


def test_after_a_fatal_reply_nothing_more_is_asked():
    with FakeOpenAI(script=[Answer(status=401, body={})] * 4) as server:
        answered, pump, _ = pumped(server, 100, concurrency=4)
    assert pump.fatal is not None
    assert answered == []
    assert len(server.requests) <= 4


def test_giving_up_in_the_middle_of_a_pause_leaves_the_limit_clean():
    async def main(server: FakeOpenAI) -> ProcessLimit:
        limit = ProcessLimit(Limits(concurrency=4))
        endpoint = open_endpoint(candidate(server.base_url, concurrency=4))
        async with Pump(endpoint, questions(100), limit=limit) as pump:
            await asyncio.sleep(0.2)
            pump.stop(grace_seconds=0.05)
            async for _ in pump.batches():
                pass
        await endpoint.close()
        return limit

    waits = [Answer(status=503, headers={"Retry-After": "20"}, body={})] * 100
    with FakeOpenAI(script=waits) as server:
        assert asyncio.run(main(server)).in_flight == 0


def test_a_budget_is_never_passed_and_spent_as_far_as_it_goes():
    one = worst_case_usd(Question(sample=0, epoch=0, prompt="x"), price=PRICE, harness=HARNESS)
    assert one is not None
    purse = Purse(one * 3, price=PRICE, harness=HARNESS)
    with FakeOpenAI(latency_seconds=0.01, usage=USAGE) as server:
        answered, pump, _ = pumped(server, 1000, concurrency=8, wallet=purse)
    assert pump.is_spent
    assert pump.fatal is None
    assert server.most_in_flight <= 3
    assert purse.spent == Decimal("0.01") * len(answered)
    assert purse.spent <= 3 * one < purse.spent + one
    assert len(server.requests) == len(answered) > 20


def test_a_wallet_with_enough_stops_nothing():
    purse = Purse(Decimal(100), price=PRICE, harness=HARNESS)
    with FakeOpenAI(usage=USAGE) as server:
        answered, pump, _ = pumped(server, 50, wallet=purse)
    assert not pump.is_spent
    assert len(answered) == 50
    assert (purse.reserved, purse.spent) == (Decimal(0), Decimal("0.5"))


class Batched:
    """Answers batches, as a local model does."""

    batch_size = 4
    concurrency = 1

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        self.asked.append(len(questions))
        return [Reply(state=TrialState.OK, output="yes") for _ in questions]

    async def close(self) -> None:
        pass


def test_a_batch_that_is_not_wholly_paid_for_is_not_asked():
    price = PriceSpec(usd_per_request=Decimal(1))
    purse = Purse(Decimal(6), price=price, harness=HARNESS)
    endpoint = Batched()

    async def main() -> Pump:
        async with Pump(endpoint, questions(100), wallet=purse) as pump:
            async for _ in pump.batches(gather_seconds=0.001):
                pass
        return pump

    assert asyncio.run(main()).is_spent
    assert endpoint.asked == [4]
    assert (purse.spent, purse.reserved) == (Decimal(4), Decimal(0))


@pytest.mark.parametrize("rate", [None, 60_000.0])
def test_the_limit_of_a_local_model_is_its_own(rate):
    endpoint = Batched()

    async def main() -> int:
        limit = ProcessLimit(Limits(concurrency=1, requests_per_minute=rate))
        async with Pump(endpoint, questions(10), limit=limit) as pump:
            return sum([len(batch) async for batch in pump.batches(gather_seconds=0.001)])

    assert asyncio.run(main()) == 10
    assert endpoint.asked == [4, 4, 2]
