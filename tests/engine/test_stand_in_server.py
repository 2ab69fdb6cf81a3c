"""The stand-in endpoint of benchmarks and chaos, asked as a vendor is."""

import asyncio
import json
from typing import Any

import pytest

from evals.domain.specs import CandidateSpec, EndpointKind
from evals.domain.trials import Question, Reply, TrialState
from evals.engine.endpoints import open_endpoint, retries
from tests.bench.serving import stand_in
from tests.engine.asking import candidate

KINDS = [EndpointKind.OPENAI, EndpointKind.ANTHROPIC]


def ask_all(spec: CandidateSpec, prompts: list[str]) -> list[Reply]:
    async def main() -> list[Reply]:
        endpoint = open_endpoint(spec)
        try:
            asked = [Question(sample=n, epoch=0, prompt=text) for n, text in enumerate(prompts)]
            return [reply for q in asked for reply in await endpoint.answer([q])]
        finally:
            await endpoint.close()

    return asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [False, True])
def test_it_speaks_both_dialects_streamed_and_not(kind, stream):
    with stand_in(latency=0.04) as server:
        reply = ask_all(candidate(server.url, kind=kind, stream=stream), ["hi"])[0]
        stats = server.stats()
    assert (reply.state, reply.output) == (TrialState.OK, "yes")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (42, 3)
    assert (reply.ttft_seconds is not None) is stream
    assert (stats["requests"], stats["answered"], stats["output_tokens"]) == (1, 1, 3)


def test_it_fails_as_it_is_told_and_logs_every_request(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.001)
    log = tmp_path / "log.jsonl"
    options: dict[str, Any] = {"error_rate": 0.3, "throttle_rate": 0.1, "filter_rate": 0.2}
    with stand_in(log=str(log), permanent="number 7", accuracy=0.5, **options) as server:
        prompts = [f"number {n}" for n in range(60)]
        replies = ask_all(candidate(server.url), prompts)
        stats = server.stats()
    states = [reply.state for reply in replies]
    assert states[7] is TrialState.MODEL_ERROR
    filtered = [reply for reply in replies if reply.finish_reason == "content_filter"]
    assert 3 <= len(filtered) <= 25
    assert {reply.output for reply in replies} >= {"yes", "wrong"}
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == stats["requests"] == sum(reply.attempts for reply in replies)
    assert {line["status"] for line in lines} == {200, 400, 429, 500}


def test_it_hangs_and_changes_when_told():
    with stand_in(hang_rate=1.0) as server:
        spec = candidate(server.url, timeout_seconds=0.2)
        assert ask_all(spec, ["hi"])[0].state is TrialState.INFRA_ERROR
        server.behave(hang_rate=0.0, answer="no")
        assert ask_all(spec, ["hi"])[0].output == "no"


def test_it_takes_as_many_at_once_as_it_is_told():
    async def main(url: str) -> Any:
        endpoint = open_endpoint(candidate(url, concurrency=8))
        asked = [Question(sample=n, epoch=0, prompt="x") for n in range(8)]
        replies = await asyncio.gather(*(endpoint.answer([question]) for question in asked))
        await endpoint.close()
        return [reply for each in replies for reply in each]

    with stand_in(latency=0.2, capacity=2, retry_after=0) as server:
        replies = asyncio.run(main(server.url))
        assert server.stats()["most_busy"] <= 8
    assert all(reply.state is TrialState.OK for reply in replies)
    assert max(reply.attempts for reply in replies) > 1
