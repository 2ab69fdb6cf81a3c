"""The demo's GGUF models, really run on the processor."""

import asyncio
import importlib.util
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals.demo.tickets import held_out_tickets
from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
)
from evals.domain.trials import Question, Reply, TrialState
from evals.engine.endpoints import keptmodels, local, open_endpoint

ROUTER = Path(__file__).parents[2] / "evals/demo/models/ticket-router-1m.gguf"
TICKETS = (
    "I was charged twice this month and I want my money back.",
    "I forgot my password.",
    "The app crashes when I open it.",
)

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino_genai") is None or not ROUTER.exists(),
    reason="needs the extra `cpu` and the demo's model",
)


def candidate(path: Path | str = ROUTER, **harness: Any) -> CandidateSpec:
    harness = {"prompt": "{{ text }}\nQueue:", "max_tokens": 8, **harness}
    return CandidateSpec(
        name="router",
        model=ModelSpec(id=str(path), open=True),
        endpoint=EndpointSpec(kind=EndpointKind.OPENVINO, batch_size=2),
        harness=HarnessSpec(**harness),
    )


def ask(spec: CandidateSpec, texts: Sequence[str] = TICKETS, *, epochs: int = 1) -> Sequence[Reply]:
    async def main() -> Any:
        endpoint = open_endpoint(spec)
        questions = [
            Question(sample=i, epoch=epoch, prompt=f"{text}\nQueue:")
            for epoch in range(epochs)
            for i, text in enumerate(texts)
        ]
        replies = await endpoint.answer(questions)
        await endpoint.close()
        return replies

    return asyncio.run(main())


@needs_openvino
def test_a_gguf_file_answers_with_tokens_latency_and_finish_reason():
    replies = ask(candidate())
    assert [reply.output for reply in replies][1:] == ["access", "technical"]
    assert {reply.state for reply in replies} == {TrialState.OK}
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert all(5 < (reply.usage.input_tokens or 0) < 60 for reply in replies)
    assert all(1 < (reply.usage.output_tokens or 0) <= 8 for reply in replies)
    assert len({reply.latency_seconds for reply in replies}) == 1


@needs_openvino
def test_a_batch_answers_what_one_at_a_time_answers():
    together = ask(candidate())
    alone = [ask(candidate(), [text])[0] for text in TICKETS]
    assert [reply.output for reply in together] == [reply.output for reply in alone]
    assert [reply.usage for reply in together] == [reply.usage for reply in alone]


@needs_openvino
def test_an_answer_cut_by_max_tokens_says_so():
    reply = ask(candidate(max_tokens=1), TICKETS[1:2])[0]
    assert (reply.finish_reason, reply.usage.output_tokens) == ("length", 1)


@needs_openvino
def test_a_stop_string_cuts_the_answer_even_inside_a_token():
    assert ask(candidate(stop=("s",)), TICKETS[1:2])[0].output == "acce"


@needs_openvino
def test_sampling_repeats_with_its_seed_and_differs_between_epochs():
    spec = candidate(temperature=5.0, seed=3, max_tokens=8)
    first, again = ask(spec, epochs=2), ask(spec, epochs=2)
    assert [reply.output for reply in first] == [reply.output for reply in again]
    half = len(TICKETS)
    assert [reply.output for reply in first[:half]] != [reply.output for reply in first[half:]]


@needs_openvino
def test_a_model_is_loaded_once_for_all_endpoints_of_the_process(caplog):
    ask(candidate())
    caplog.clear()
    with caplog.at_level(logging.INFO):
        ask(candidate(max_tokens=3))
    assert "model loaded" not in caplog.text


def test_a_file_that_is_not_there_is_fatal_and_named():
    reply = ask(candidate("/nowhere/model.gguf"))[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert reply.error == "model.id: no file at /nowhere/model.gguf, expected a GGUF file"


@needs_openvino
def test_a_file_that_is_no_model_is_fatal(tmp_path):
    path = tmp_path / "odd.gguf"
    path.write_bytes(b"not a model")
    reply = ask(candidate(path))[0]
    assert reply.is_fatal
    assert f"{path} cannot be loaded on CPU" in reply.error


def test_a_missing_extra_is_fatal_and_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "model.gguf"
    path.touch()
    monkeypatch.setitem(sys.modules, "openvino_genai", None)  # what import then says: not there
    reply = ask(candidate(path))[0]
    assert reply.is_fatal
    assert "install the extra `cpu`" in reply.error


class _Picky:
    """A model that refuses one prompt, and any batch with it."""

    def generate(
        self, questions: Sequence[Question], _harness: HarnessSpec, /, *, seed: int | None
    ) -> list[keptmodels.Generated]:
        assert seed is None
        if any("bad" in question.prompt for question in questions):
            raise RuntimeError("prompt too long")
        return [keptmodels.Generated("ok", 1, 1, "stop") for _ in questions]


def test_one_bad_prompt_fails_alone():
    endpoint = local.LocalEndpoint(_Picky, harness=HarnessSpec(prompt=""), batch_size=3)
    questions = [
        Question(sample=i, epoch=0, prompt=text) for i, text in enumerate(["a", "bad", "c"])
    ]
    replies = asyncio.run(endpoint.answer(questions))
    assert [reply.state for reply in replies] == [
        TrialState.OK,
        TrialState.MODEL_ERROR,
        TrialState.OK,
    ]
    assert replies[1].error == "prompt too long"


@needs_openvino
def test_two_files_are_two_models():
    texts = [ticket.text for ticket in held_out_tickets(30)]
    early = ModelSpec(id=str(ROUTER.with_name("ticket-router-1m-early.gguf")), open=True)
    late, soon = ask(candidate(), texts), ask(replace(candidate(), model=early), texts)
    assert [reply.output for reply in late] != [reply.output for reply in soon]
