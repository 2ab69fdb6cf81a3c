"""Models of the hub in this process, as far as the endpoint goes; harness tests do the rest."""

import asyncio
import importlib.util
from collections.abc import Sequence
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
from evals.engine.endpoints import open_endpoint
from evals.engine.endpoints.lmeval import HarnessModel
from evals.engine.endpoints.local import LocalEndpoint
from evals.engine.localmodel import Generation, LocalBackend

HARNESS = HarnessSpec(prompt="", system="Be brief.", max_tokens=5, stop=("\n",), seed=3)
QUESTIONS = [
    Question(sample=i, epoch=0, prompt=text, system="Be brief.") for i, text in enumerate("ab")
]


class FakeBackend(LocalBackend):
    """Answers with the prompt in capitals; refuses `bad`."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def generate(self, prompts: Sequence[str], **settings: Any) -> list[Generation]:
        if "bad" in prompts:
            raise ValueError("prompt too long")
        self.calls.append({"prompts": list(prompts), **settings})
        return [Generation(text.upper(), 3, 1, "stop") for text in prompts]


def ask(backend: LocalBackend, questions: Sequence[Question] = QUESTIONS) -> Sequence[Reply]:
    endpoint = LocalEndpoint(lambda: HarnessModel(backend), harness=HARNESS, batch_size=8)
    return asyncio.run(endpoint.answer(questions))


def test_a_batch_is_asked_at_once_with_all_that_the_harness_says():
    backend = FakeBackend()
    replies = ask(backend)
    assert [reply.output for reply in replies] == ["A", "B"]
    assert replies[0].usage == Usage(input_tokens=3, output_tokens=1)
    assert backend.calls == [
        {
            "prompts": ["a", "b"],
            "systems": ["Be brief."] * 2,
            "max_tokens": 5,
            "temperature": 0.0,
            "top_p": None,
            "stop": ("\n",),
            "seed": 3,
        }
    ]


def test_a_prompt_that_the_model_refuses_fails_alone():
    questions = [*QUESTIONS, Question(sample=2, epoch=0, prompt="bad")]
    replies = ask(FakeBackend(), questions)
    assert [reply.state for reply in replies] == [
        TrialState.OK,
        TrialState.OK,
        TrialState.MODEL_ERROR,
    ]


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="the extra is there")
def test_without_torch_the_run_pauses_and_says_what_is_missing():
    spec = CandidateSpec(
        name="local",
        model=ModelSpec(id="org/model", open=True),
        endpoint=EndpointSpec(kind=EndpointKind.HF, batch_size=2),
        harness=HARNESS,
    )
    endpoint = open_endpoint(spec)
    reply = asyncio.run(endpoint.answer(QUESTIONS))[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert "extra hf" in reply.error
