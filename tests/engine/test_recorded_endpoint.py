"""Answers that already exist."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
)
from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState, Usage
from evals.engine.endpoints import EndpointError, open_endpoint

ENDPOINT = EndpointSpec(
    kind=EndpointKind.RECORDED,
    file="answers.csv",
    key="text",
    output="answer",
    input_tokens="in",
    output_tokens="out",
    latency_seconds="secs",
)
CANDIDATE = CandidateSpec(
    name="logs",
    model=ModelSpec(id="gpt-x", open=False),
    endpoint=ENDPOINT,
    harness=HarnessSpec(prompt="{{ text }}"),
)


def ask(recorded: Mapping[str, RecordedAnswer], *keys: str | None) -> Sequence[Reply]:
    def lookup(wanted: Sequence[str]) -> dict[str, RecordedAnswer]:
        return {key: recorded[key] for key in wanted if key in recorded}

    endpoint = open_endpoint(CANDIDATE, answers=lookup)
    questions = [Question(sample=i, epoch=i, prompt="", key=key) for i, key in enumerate(keys)]
    return asyncio.run(endpoint.answer(questions))


def test_answers_come_by_key_the_same_in_every_epoch():
    known = RecordedAnswer(output="yes", usage=Usage(input_tokens=1), latency_seconds=0.5)
    first, second, other = ask({"a": known, "b": RecordedAnswer(output="no")}, "a", "a", "b")
    assert first == second
    assert (first.state, first.output) == (TrialState.OK, "yes")
    assert (first.usage, first.latency_seconds) == (Usage(input_tokens=1), 0.5)
    assert (other.output, other.latency_seconds) == ("no", None)


def test_a_key_without_an_answer_is_named():
    unknown, keyless = ask({}, "who?", None)
    assert (unknown.state, unknown.error) == (
        TrialState.MODEL_ERROR,
        "no recorded answer for 'who?'",
    )
    assert keyless.state is TrialState.MODEL_ERROR


def test_a_blank_answer_is_no_answer():
    assert ask({"a": RecordedAnswer(output=" ")}, "a")[0].state is TrialState.NO_ANSWER


def test_a_recorded_endpoint_needs_answers():
    with pytest.raises(EndpointError, match="expected recorded answers"):
        open_endpoint(CANDIDATE)
