"""Asking an endpoint over a real connection, as the tests of every dialect do."""

import asyncio
from typing import Any

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
)
from evals.domain.trials import Question, Reply
from evals.engine.endpoints import open_endpoint
from tests.fakes import Answer, FakeOpenAI

KEY = "sk-very-secret-1234"


def candidate(
    base_url: str | None,
    *,
    kind: EndpointKind = EndpointKind.OPENAI,
    harness: HarnessSpec | None = None,
    **endpoint: Any,
) -> CandidateSpec:
    return CandidateSpec(
        name="x",
        model=ModelSpec(id="model-1", open=False),
        endpoint=EndpointSpec(kind=kind, base_url=base_url, **{"timeout_seconds": 5.0, **endpoint}),
        harness=harness or HarnessSpec(prompt=""),
    )


def ask(spec: CandidateSpec, *, system: str | None = None, key: str | None = KEY) -> Reply:
    async def main() -> Reply:
        endpoint = open_endpoint(spec, api_key=key)
        try:
            question = Question(sample=0, epoch=0, prompt="hello", system=system)
            return (await endpoint.answer([question]))[0]
        finally:
            await endpoint.close()

    return asyncio.run(main())


def ask_scripted(*script: Answer, **options: Any) -> tuple[Reply, FakeOpenAI]:
    """Return the reply to one question where the server answers by `script` first."""
    with FakeOpenAI(script=script) as server:
        return ask(candidate(server.base_url, **options)), server
