"""The rows of a recorded file."""

import pytest

from evals.domain.problems import InputError, Problem
from evals.domain.recorded import RecordedAnswerError, recorded_answer, recorded_rows
from evals.domain.rows import JSONValue, Row, RowFile
from evals.domain.specs import EndpointKind, EndpointSpec
from evals.domain.trials import RecordedAnswer, Usage

ENDPOINT = EndpointSpec(
    kind=EndpointKind.RECORDED,
    file="answers.csv",
    key="text",
    output="answer",
    input_tokens="in",
    output_tokens="out",
    latency_seconds="secs",
)
PLAIN = EndpointSpec(kind=EndpointKind.RECORDED, file="answers.csv", key="text", output="answer")
CELLS = {"text": "hi", "answer": "yes", "in": "12", "out": "3.0", "secs": "0.25"}


def rows(*cells: dict[str, JSONValue] | Problem) -> RowFile:
    read = [c if isinstance(c, Problem) else Row(n, n + 2, c) for n, c in enumerate(cells)]
    return RowFile(("text", "answer"), iter(read))


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
    with pytest.raises(RecordedAnswerError) as caught:
        recorded_answer({**CELLS, column: cell}, ENDPOINT)
    assert str(caught.value) == message


def test_a_missing_column_is_named_beside_those_there_are():
    cells = {name: cell for name, cell in CELLS.items() if name != "answer"}
    with pytest.raises(RecordedAnswerError, match="column 'answer' is missing, found 'text', 'in'"):
        recorded_answer(cells, ENDPOINT)


def test_keys_and_answers_come_in_the_order_of_the_file():
    read = rows({"text": "a", "answer": "1"}, {"text": "b", "answer": None})
    assert list(recorded_rows(read, PLAIN)) == [
        ("a", RecordedAnswer(output="1")),
        ("b", RecordedAnswer(output="")),
    ]


def test_every_bad_row_is_told_with_its_line():
    read = rows(
        {"text": "a", "answer": "1"},
        {"text": "", "answer": "2"},
        Problem(message="1 field, the header has 2", line=4, row=2),
        {"text": "a", "answer": "3"},
    )
    with pytest.raises(InputError) as caught:
        list(recorded_rows(read, PLAIN))
    assert str(caught.value).splitlines() == [
        "line 3: the key is empty, expected what the answer is found by",
        "line 4: 1 field, the header has 2",
        "line 5: the key 'a' stands on line 2 already",
    ]


def test_a_column_that_is_not_there_is_told_before_any_row():
    with pytest.raises(InputError, match="no column 'in'; found 'text', 'answer'"):
        next(recorded_rows(rows({"text": "a", "answer": "1"}), ENDPOINT))
