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
from tests.fakes import FakeOpenAI

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


def local(kind: EndpointKind, *, model: str = "org/model", **endpoint: Any) -> CandidateSpec:
    return CandidateSpec(
        name="local",
        model=ModelSpec(id=model, open=True),
        endpoint=EndpointSpec(kind=kind, batch_size=2, **endpoint),
        harness=HARNESS,
    )


def ask_local(spec: CandidateSpec) -> Sequence[Reply]:
    return asyncio.run(open_endpoint(spec).answer(QUESTIONS))


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vllm is there")
def test_without_vllm_the_run_pauses_and_says_what_to_install():
    reply = ask_local(local(EndpointKind.VLLM))[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert "pip install 'lm-eval[vllm]'" in reply.error


def test_a_backend_that_lm_eval_does_not_have_is_named_with_those_it_has():
    reply = ask_local(local(EndpointKind.LM_EVAL, backend="nonesuch"))[0]
    assert reply.is_fatal
    assert "endpoint.backend" in reply.error
    assert "nonesuch" in reply.error


def test_any_backend_of_lm_eval_answers_in_batches():
    replies = ask_local(local(EndpointKind.LM_EVAL, backend="dummy"))
    assert [reply.state for reply in replies] == [TrialState.OK] * 2
    assert replies[0].usage == Usage()


def test_a_backend_that_asks_over_a_network_gets_its_arguments_and_the_chat():
    with FakeOpenAI() as server:
        arguments = {"base_url": f"{server.base_url}/chat/completions", "max_retries": 1}
        chat = local(EndpointKind.LM_EVAL, backend="local-chat-completions", arguments=arguments)
        replies = ask_local(chat)
    assert [reply.output for reply in replies] == ["yes", "yes"]
    body = server.requests[0].body
    assert body["model"] == "org/model"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["stop"] == ["\n"]


def test_a_server_that_a_backend_cannot_reach_is_an_infra_error():
    arguments = {"base_url": "http://127.0.0.1:9/v1/chat/completions", "max_retries": 1}
    spec = local(EndpointKind.LM_EVAL, backend="local-chat-completions", arguments=arguments)
    reply = ask_local(spec)[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, False)
