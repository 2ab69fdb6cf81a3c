"""The simulated endpoint."""

import asyncio
import random
import statistics
from collections import Counter
from typing import Any

import pytest

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
)
from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints import Endpoint, EndpointError, open_endpoint

LABELS = ["red", "green", "blue"]


def open_stand_in(*, concurrency: int = 1000, **simulation: Any) -> Endpoint:
    return open_endpoint(
        CandidateSpec(
            name="closed",
            model=ModelSpec(id="closed-1", open=False),
            endpoint=EndpointSpec(
                kind=EndpointKind.STAND_IN, concurrency=concurrency, simulation=simulation
            ),
            harness=HarnessSpec(prompt="{{ text }}"),
        )
    )


def ask(
    endpoint: Endpoint, samples: int, *, epoch: int = 0, order: int | None = None
) -> dict[int, Reply]:
    """Return replies by sample; `order` shuffles the asking."""

    async def main() -> Any:
        asked = [
            Question(sample=i, epoch=epoch, prompt="what colour?", target="red")
            for i in range(samples)
        ]
        random.Random(order).shuffle(asked)  # noqa: S311
        replies = await asyncio.gather(*(endpoint.answer([question]) for question in asked))
        return {question.sample: reply[0] for question, reply in zip(asked, replies, strict=True)}

    return asyncio.run(main())


def test_the_same_sample_meets_the_same_fate_whatever_the_order():
    settings: dict[str, Any] = {
        "accuracy": 0.7,
        "error_rate": 0.1,
        "no_answer_rate": 0.1,
        "latency_seconds": 0.001,
        "latency_spread": 0.5,
        "labels": LABELS,
    }
    first = ask(open_stand_in(**settings), 200, order=1)
    assert first == ask(open_stand_in(**settings), 200, order=2)
    assert first != ask(open_stand_in(**settings), 200, epoch=1)
    assert first != ask(open_stand_in(**settings, seed=1), 200)


def test_shares_are_about_what_was_asked_for():
    replies = ask(
        open_stand_in(accuracy=0.8, error_rate=0.05, no_answer_rate=0.1, labels=LABELS), 4000
    ).values()
    states = Counter(reply.state for reply in replies)
    assert states[TrialState.INFRA_ERROR] / 4000 == pytest.approx(0.05, abs=0.02)
    assert states[TrialState.NO_ANSWER] / 4000 == pytest.approx(0.1, abs=0.02)
    outputs = Counter(reply.output for reply in replies if reply.state is TrialState.OK)
    assert outputs["red"] / states[TrialState.OK] == pytest.approx(0.8, abs=0.03)
    assert set(outputs) == set(LABELS)


def test_a_wrong_answer_without_labels_is_marked():
    outputs = {reply.output for reply in ask(open_stand_in(accuracy=0), 5).values()}
    assert outputs == {"(simulated wrong answer)"}


def test_latency_is_slept_and_varies_around_its_median():
    endpoint = open_stand_in(latency_seconds=0.01, latency_spread=0.6)
    seconds = [reply.latency_seconds or 0 for reply in ask(endpoint, 1000).values()]
    assert statistics.median(seconds) == pytest.approx(0.01, rel=0.15)
    assert statistics.stdev(seconds) > 0.003

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        slow = open_stand_in(latency_seconds=0.05)
        await slow.answer([Question(sample=0, epoch=0, prompt="x")])
        return loop.time() - started

    assert asyncio.run(timed()) >= 0.05


def test_tokens_are_given_or_estimated_from_the_text():
    given = ask(open_stand_in(input_tokens=100, output_tokens=0), 1)[0]
    assert given.usage == Usage(input_tokens=100, output_tokens=0)
    assert ask(open_stand_in(), 1)[0].usage == Usage(input_tokens=3, output_tokens=1)


def test_its_concurrency_holds():
    async def main() -> Any:
        endpoint = open_stand_in(concurrency=2, latency_seconds=0.02)
        loop = asyncio.get_running_loop()
        started = loop.time()
        questions = [Question(sample=i, epoch=0, prompt="x") for i in range(6)]
        await asyncio.gather(*(endpoint.answer([question]) for question in questions))
        return loop.time() - started

    assert asyncio.run(main()) >= 0.06


@pytest.mark.parametrize(
    ("simulation", "message"),
    [
        ({"acuracy": 1}, "simulation.acuracy: unknown, expected one of accuracy, "),
        ({"accuracy": 1.5}, "simulation.accuracy: found 1.5, expected a number, between 0 and 1"),
        ({"latency_seconds": "slow"}, "simulation.latency_seconds: found 'slow', expected a"),
        ({"seed": 0.5}, "simulation.seed: found 0.5, expected a whole number, 0 or more"),
        ({"labels": "red"}, "simulation.labels: found 'red', expected a list of answers"),
    ],
)
def test_an_odd_setting_is_refused(simulation, message):
    with pytest.raises(EndpointError) as caught:
        open_stand_in(**simulation)
    assert message in str(caught.value)
