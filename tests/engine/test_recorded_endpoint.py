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
from evals.engine.endpoints import EndpointError, open_endpoint, recorded_answer

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
CELLS = {"text": "hi", "answer": "yes", "in": "12", "out": "3.0", "secs": "0.25"}


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


def test_a_row_is_read_by_the_columns_that_the_endpoint_names():
    assert recorded_answer(CELLS, ENDPOINT) == RecordedAnswer(
        output="yes", usage=Usage(input_tokens=12, output_tokens=3), latency_seconds=0.25
    )


def test_a_blank_cell_is_unknown():
    cells = {**CELLS, "in": " ", "out": "", "secs": None}
    assert recorded_answer(cells, ENDPOINT) == RecordedAnswer(output="yes")


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("secs", "fast", "column 'secs': found 'fast', expected seconds, 0 or more"),
        ("secs", "-1", "column 'secs': found '-1', expected seconds, 0 or more"),
        ("secs", "nan", "column 'secs': found 'nan', expected seconds, 0 or more"),
        ("in", "1,200", "column 'in': found '1,200', expected a whole number of tokens"),
        ("out", "2.5", "column 'out': found 2.5, expected a whole number of tokens"),
    ],
)
def test_an_odd_cell_is_refused_with_its_column(column, cell, message):
    with pytest.raises(EndpointError) as caught:
        recorded_answer({**CELLS, column: cell}, ENDPOINT)
    assert str(caught.value) == message


def test_a_missing_column_is_named_beside_those_there_are():
    cells = {name: cell for name, cell in CELLS.items() if name != "answer"}
    with pytest.raises(EndpointError, match="column 'answer' is missing, found 'text', 'in'"):
        recorded_answer(cells, ENDPOINT)
