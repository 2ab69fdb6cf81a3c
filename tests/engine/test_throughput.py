"""Sweeps over real connections, against a server whose limit is known."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from evals.domain.budget import Purse
from evals.domain.specs import EndpointKind, HarnessSpec, PriceSpec
from evals.domain.throughput import SweepPlan, goodput
from evals.domain.trials import Question
from evals.engine.endpoints import EndpointError
from evals.engine.throughput import TOLD, Asking, Sweep
from tests.bench.serving import stand_in
from tests.engine.asking import candidate
from tests.fakes import Answer, FakeOpenAI, completion

QUESTIONS = [Question(sample=n, epoch=0, prompt=f"question {n}") for n in range(20)]
LATENCY = 0.1
SLOTS = 4
PLAN = SweepPlan(levels=(1, 2, 4, 8, 16), samples=40, seconds=3.0)
KNEE = replace(PLAN, levels=(1, 2, 4, 8, 16, 32, 64), latency_bar_seconds=1.7 * LATENCY)


async def go_on(_loading):
    return True


def swept(spec, plan=PLAN, *, asking=None, heed=go_on) -> Sweep:
    sweep = Sweep(spec, QUESTIONS, plan, asking=asking or Asking(), heed=heed)

    async def main() -> None:
        async for _ in sweep.carry_out():
            pass

    asyncio.run(main())
    return sweep


def test_the_knee_of_a_server_with_four_slots_is_found():
    with stand_in(latency=LATENCY, slots=SLOTS) as server:
        sweep = swept(candidate(server.url), KNEE)
    best = goodput(sweep.levels)
    assert best is not None
    assert best.concurrency == SLOTS
    assert best.tasks_per_hour == pytest.approx(3600 * SLOTS / LATENCY, rel=0.3)
    assert best.output_tokens_per_second == pytest.approx(3 * SLOTS / LATENCY, rel=0.3)
    assert "took too long" in sweep.ended
    assert sweep.levels[-1].concurrency < max(KNEE.levels)


def test_without_a_bar_the_best_throughput_counts_and_the_sweep_goes_on():
    with stand_in(latency=LATENCY, slots=SLOTS) as server:
        sweep = swept(candidate(server.url), replace(PLAN, levels=(1, 4, 8)))
    assert [level.concurrency for level in sweep.levels] == [1, 4, 8]
    assert all(level.is_within_bar for level in sweep.levels)
    assert sweep.ended == ""


def test_streamed_answers_have_first_tokens_and_seconds_per_token():
    with stand_in(latency=LATENCY) as server:
        sweep = swept(candidate(server.url, stream=True), replace(PLAN, levels=(2,)))
    (level,) = sweep.levels
    assert level.ttft_p50_seconds == pytest.approx(LATENCY / 2, rel=0.5)
    assert level.tpot_p50_seconds == pytest.approx(LATENCY / 4, rel=0.5)


def test_the_warm_up_is_not_measured():
    plan = replace(PLAN, levels=(4,), samples=12)
    cold = [Answer(seconds=0.6, body=completion())] * 4
    with FakeOpenAI(latency_seconds=0.01, script=cold) as server:
        sweep = swept(candidate(server.base_url), plan)
        (level,) = sweep.levels
        assert level.p99_seconds is not None
        assert level.p99_seconds < 0.5
        assert 12 <= level.requests < len(server.requests) <= plan.most_requests


def test_a_level_ends_when_its_time_is_up():
    with stand_in(latency=0.1) as server:
        sweep = swept(
            candidate(server.url), replace(PLAN, levels=(2,), samples=10_000, seconds=0.5)
        )
    (level,) = sweep.levels
    assert 0.5 <= level.seconds < 1.0
    assert level.requests < 40


def test_errors_that_rule_end_the_sweep():
    with stand_in(permanent="question") as server:
        sweep = swept(candidate(server.url), replace(PLAN, levels=(1, 2)))
    assert len(sweep.levels) == 1
    assert sweep.levels[0].tasks_per_hour == 0
    assert "requests failed" in sweep.ended


def test_a_server_that_refuses_more_ends_the_sweep():
    with stand_in(latency=LATENCY, capacity=2, retry_after=0.05) as server:
        sweep = swept(candidate(server.url), replace(PLAN, levels=(1, 2, 8, 16)))
    assert [level.concurrency for level in sweep.levels] == [1, 2, 8]
    assert "slow down" in sweep.ended


def test_a_wrong_key_fails_the_sweep_with_the_vendors_words():
    refusal = Answer(status=401, body={"error": {"message": "bad key"}})
    with FakeOpenAI(script=[refusal] * 50) as server:
        sweep = swept(candidate(server.base_url))
    assert sweep.levels == []
    assert "bad key" in sweep.failure


def test_a_purse_that_is_empty_ends_the_sweep():
    price = PriceSpec(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(1))
    harness = HarnessSpec(prompt="", max_tokens=10)
    with stand_in() as server:
        spec = replace(candidate(server.url, harness=harness), price=price)
        purse = Purse(Decimal("0.0001"), price=price, harness=harness)
        sweep = swept(spec, replace(PLAN, levels=(1,)), asking=Asking(wallet=purse))
    assert sweep.failure == "the budget is spent"


def test_a_sweep_that_is_told_to_end_keeps_what_it_measured():
    seen = []

    async def first_level_only(loading):
        seen.append(loading)
        return loading.concurrency < 2

    with stand_in(latency=0.01) as server:
        sweep = swept(candidate(server.url), replace(PLAN, samples=10), heed=first_level_only)
    assert [level.concurrency for level in sweep.levels] == [1]
    assert sweep.ended == TOLD


def test_recorded_answers_are_refused_with_the_reason():
    spec = candidate(None, kind=EndpointKind.RECORDED)
    with pytest.raises(EndpointError, match="exist already"):
        swept(spec)


def test_a_simulated_endpoint_is_swept_too():
    spec = candidate(None, kind=EndpointKind.STAND_IN, simulation={"latency_seconds": 0.01})
    sweep = swept(spec, replace(PLAN, levels=(1, 2), samples=20))
    assert [level.concurrency for level in sweep.levels] == [1, 2]
