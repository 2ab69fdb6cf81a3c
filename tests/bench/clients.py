"""Ours and the bare loop as programs of their own, so that each one's time and memory are its own.

python -m tests.bench.clients pump URL --connections 64 --samples 5000

Each prints one JSON line: what became of the samples.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import aiohttp
import uvloop

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
    ScorerSpec,
)
from evals.domain.trials import JUDGED, Question, TrialState
from evals.engine.endpoints import open_endpoint
from evals.engine.pump import Answered, Pump

PROMPT = "Message {}: my card has not come yet, what should I do?\nIntent:"
TARGET = "yes"
SCORERS = (ScorerSpec(name="exact_match"),)


async def _questions(samples: int) -> AsyncIterator[Question]:
    for number in range(samples):
        yield Question(sample=number, epoch=0, prompt=PROMPT.format(number), target=TARGET)


class _Scoring:
    """Scores batches in a thread, as a worker does, which imports lm-eval before it asks."""

    def __init__(self) -> None:
        self.states: Counter[TrialState] = Counter()
        self.passed = 0.0
        self._thread = ThreadPoolExecutor(1)
        self._scorer = import_module("evals.engine.harness").SampleScorer(SCORERS)

    async def take(self, batch: list[Answered]) -> None:
        """Score a batch and count."""
        await asyncio.wrap_future(self._thread.submit(self._score, batch))

    def _score(self, batch: list[Answered]) -> None:
        for question, reply in batch:
            self.states[reply.state] += 1
            if reply.state is TrialState.OK:
                columns = {"text": question.prompt}
                scores = self._scorer.score(
                    reply.output or "", columns=columns, target=question.target
                )
                self.passed += scores["exact_match"].value or 0

    def summary(self) -> dict[str, Any]:
        """Return what became of the samples."""
        judged = sum(self.states[state] for state in JUDGED)
        states = {state.value: count for state, count in self.states.items()}
        return {"states": states, "score": self.passed / judged if judged else None}


async def pump(given: argparse.Namespace) -> dict[str, Any]:
    """Ask through our endpoint and pump, and score."""
    candidate = CandidateSpec(
        name="bench",
        model=ModelSpec(id="bench", open=True),
        endpoint=EndpointSpec(
            kind=EndpointKind.OPENAI,
            base_url=given.url,
            concurrency=given.connections,
            timeout_seconds=given.timeout,
        ),
        harness=HarnessSpec(prompt="", max_tokens=16),
    )
    endpoint, scoring = open_endpoint(candidate), _Scoring()
    async with Pump(endpoint, _questions(given.samples)) as running:
        async for batch in running.batches():
            await scoring.take(batch)
    await endpoint.close()
    return scoring.summary()


async def bare(given: argparse.Namespace) -> dict[str, Any]:
    """Ask with aiohttp alone: the least that a client of its kind can take."""
    numbers, answers = iter(range(given.samples)), Counter[str]()
    connector = aiohttp.TCPConnector(limit=given.connections)

    async def ask(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            text = {"role": "user", "content": PROMPT.format(number)}
            body = {"model": "bench", "messages": [text], "max_tokens": 16, "temperature": 0}
            async with session.post(f"{given.url}/chat/completions", json=body) as response:
                content = await response.json()
                answers[content["choices"][0]["message"]["content"]] += 1

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(ask(session) for _ in range(given.connections)))
    return {"states": {"ok": answers.total()}, "score": answers[TARGET] / answers.total()}


def main() -> None:
    """Run one client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=["pump", "bare"])
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--timeout", type=float, default=60.0)
    given = parser.parse_args()
    summary = uvloop.run({"pump": pump, "bare": bare}[given.client](given))
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    main()
