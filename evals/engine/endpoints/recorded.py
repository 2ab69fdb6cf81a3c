"""Answers that already exist: production logs, or another tool's results."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from evals.domain.specs import EndpointSpec
from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState, Usage
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.endpoints.text import shortened, storable

AnswerLookup = Callable[[Sequence[str]], Mapping[str, RecordedAnswer]]


class RecordedEndpoint:
    """Looks answers up by the question's key; every epoch gets the same one.

    `answers` is called in a thread, with as many keys as a batch has, and leaves out those that
    it does not know.
    """

    batch_size = 200
    concurrency = 1

    def __init__(self, answers: AnswerLookup) -> None:
        self._answers = answers

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return the recorded answer to each question."""
        keys = [question.key for question in questions if question.key is not None]
        found = await asyncio.to_thread(self._answers, keys)
        return [_reply(question, found) for question in questions]

    async def close(self) -> None:
        """Do nothing; there is nothing to let go of."""


def recorded_answer(cells: Mapping[str, str | None], endpoint: EndpointSpec) -> RecordedAnswer:
    """Return the answer in one row of a recorded file, by the columns that `endpoint` names.

    A blank cell is unknown; a blank output is no answer.

    Raises:
        EndpointError: If a column is missing, or a cell that should hold a number does not.
    """
    if endpoint.output is None:
        raise EndpointError("output: a recorded endpoint has to name the column of the answers")
    return RecordedAnswer(
        output=_cell(cells, endpoint.output),
        usage=Usage(
            input_tokens=_tokens(cells, endpoint.input_tokens),
            output_tokens=_tokens(cells, endpoint.output_tokens),
        ),
        latency_seconds=_number(cells, endpoint.latency_seconds, expected="seconds, 0 or more"),
    )


def _cell(cells: Mapping[str, str | None], column: str) -> str:
    if column not in cells:
        names = ", ".join(map(repr, cells)) or "none"
        raise EndpointError(shortened(f"column {column!r} is missing, found {names}"))
    return cells[column] or ""


def _tokens(cells: Mapping[str, str | None], column: str | None) -> int | None:
    """Return a count; `12.0` counts as 12, since tools write whole columns as decimals."""
    number = _number(cells, column, expected="a whole number of tokens")
    if number is None:
        return None
    if not number.is_integer():
        raise EndpointError(
            f"column {column!r}: found {number:g}, expected a whole number of tokens"
        )
    return int(number)


def _number(cells: Mapping[str, str | None], column: str | None, *, expected: str) -> float | None:
    if column is None or not (text := _cell(cells, column).strip()):
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not isfinite(number) or number < 0:
        raise EndpointError(
            f"column {column!r}: found {shortened(text, 80)!r}, expected {expected}"
        )
    return number


def _reply(question: Question, found: Mapping[str, RecordedAnswer]) -> Reply:
    recorded = found.get(question.key) if question.key is not None else None
    if recorded is None:
        key = shortened(repr(question.key), 200)
        return Reply(state=TrialState.MODEL_ERROR, error=f"no recorded answer for {key}")
    is_blank = not recorded.output.strip()
    return Reply(
        state=TrialState.NO_ANSWER if is_blank else TrialState.OK,
        output=storable(recorded.output) or None,
        error="the recorded answer is empty" if is_blank else "",
        usage=recorded.usage,
        latency_seconds=recorded.latency_seconds,
    )
