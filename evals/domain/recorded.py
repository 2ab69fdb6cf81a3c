"""Answers that already exist: the rows of a recorded file as keys and answers."""

import hashlib
from collections.abc import Iterator, Mapping
from math import isfinite
from reprlib import Repr

from evals.domain.evalsets import text_of
from evals.domain.mappings import check_columns_are_there
from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue, Row, RowFile
from evals.domain.specs import EndpointSpec
from evals.domain.trials import RecordedAnswer, Usage

MOST_PROBLEMS = 100  # beyond it the file is another one than was meant
SHORT = Repr()
SHORT.maxstring = 80
TOKENS = "a whole number of tokens"


class RecordedAnswerError(ValueError):
    """A row of a recorded file that holds no answer; says which column, found and expected."""


def recorded_rows(rows: RowFile, endpoint: EndpointSpec) -> Iterator[tuple[str, RecordedAnswer]]:
    """Yield the keys and answers of opened rows; what was yielded counts only if no error follows.

    Raises:
        InputError: At the end, with the bad rows, and the keys that are empty or stand twice; at
            once, for a column that is not there, or where the rest of the file is unusable.
    """
    check_columns_are_there(rows.columns, _columns(endpoint))
    reader, problems = _AnswerReader(endpoint), list[Problem]()
    for row in rows.rows:
        read = row if isinstance(row, Problem) else reader.read(row)
        if not isinstance(read, Problem):
            yield read
            continue
        problems.append(read)
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise InputError(*problems)


def recorded_answer(cells: Mapping[str, str | None], endpoint: EndpointSpec) -> RecordedAnswer:
    """Return the answer in one row of a recorded file, by the columns that `endpoint` names.

    A blank cell is unknown; a blank output is no answer.

    Raises:
        RecordedAnswerError: If a column is missing, or a cell that should hold a number does not.
    """
    return RecordedAnswer(
        output=_cell(cells, endpoint.output or ""),
        usage=Usage(
            input_tokens=_tokens(cells, endpoint.input_tokens),
            output_tokens=_tokens(cells, endpoint.output_tokens),
        ),
        latency_seconds=_number(cells, endpoint.latency_seconds, expected="seconds, 0 or more"),
    )


class _AnswerReader:
    """Reads rows and remembers their keys, as 16-byte hashes with their places."""

    def __init__(self, endpoint: EndpointSpec) -> None:
        self._endpoint = endpoint
        self._places: dict[bytes, int] = {}

    def read(self, row: Row) -> tuple[str, RecordedAnswer] | Problem:
        """Return the row's key and answer, or what is wrong with it."""
        cells = {name: _text(cell) for name, cell in row.cells.items()}
        try:
            key = self._key(_cell(cells, self._endpoint.key or ""), row)
            return key, recorded_answer(cells, self._endpoint)
        except RecordedAnswerError as error:
            return Problem(message=str(error), line=row.line, row=row.number)

    def _key(self, key: str, row: Row) -> str:
        if not key:
            raise RecordedAnswerError("the key is empty, expected what the answer is found by")
        digest = hashlib.sha256(key.encode()).digest()[:16]
        first = self._places.get(digest)
        if first is not None:
            where = f"in row {first}" if row.line is None else f"on line {first}"
            raise RecordedAnswerError(f"the key {SHORT.repr(key)} stands {where} already")
        self._places[digest] = row.number if row.line is None else row.line
        return key


def _columns(endpoint: EndpointSpec) -> list[str]:
    return [
        name
        for name in (
            endpoint.key,
            endpoint.output,
            endpoint.input_tokens,
            endpoint.output_tokens,
            endpoint.latency_seconds,
        )
        if name is not None
    ]


def _text(cell: JSONValue) -> str | None:
    return None if cell is None else text_of(cell)


def _cell(cells: Mapping[str, str | None], column: str) -> str:
    if column not in cells:
        names = ", ".join(map(repr, cells)) or "none"
        raise RecordedAnswerError(f"column {column!r} is missing, found {names}")
    return cells[column] or ""


def _tokens(cells: Mapping[str, str | None], column: str | None) -> int | None:
    """Return a count; `12.0` counts as 12, since tools write whole columns as decimals."""
    number = _number(cells, column, expected=TOKENS)
    if number is None:
        return None
    if not number.is_integer():
        raise RecordedAnswerError(f"column {column!r}: found {number:g}, expected {TOKENS}")
    return int(number)


def _number(cells: Mapping[str, str | None], column: str | None, *, expected: str) -> float | None:
    if column is None or not (text := _cell(cells, column).strip()):
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not isfinite(number) or number < 0:
        raise RecordedAnswerError(
            f"column {column!r}: found {SHORT.repr(text)}, expected {expected}"
        )
    return number
