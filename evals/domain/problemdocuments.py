"""What is wrong with an input as JSON values: where, what was found, what was expected."""

import re
from collections.abc import Mapping
from typing import Any

from evals.domain.problems import Problem
from evals.domain.specproblems import SpecProblem

_EXPECTED = ", expected "
_FOUND = re.compile(r"(?:^|: )found ")

Document = dict[str, Any]


def spec_problem_document(problem: SpecProblem) -> Document:
    """Return a problem of a spec; `where` is its path, `line` None where there is no text."""
    return _document(
        problem.message, where=problem.where, file=problem.file or None, line=problem.line
    )


def row_problem_document(problem: Problem, *, file: str | None) -> Document:
    """Return a problem of a file's rows; `row` counts from 0, `line` from 1."""
    column = problem.column
    where = "" if column is None else f"column {column!r}"
    return _document(problem.message, where=where, file=file, line=problem.line, row=problem.row)


def field_problem_document(where: str, message: str) -> Document:
    """Return a problem of a parameter or a field."""
    return _document(message, where=where)


def _document(message: str, **place: Any) -> Document:
    blank: Mapping[str, Any] = {"where": "", "file": None, "line": None, "row": None}
    found, expected = _parted(message)
    return {**blank, **place, "message": message, "found": found, "expected": expected}


def _parted(message: str) -> tuple[str | None, str | None]:
    """Return what a message says was found and expected; None where it does not say."""
    before, comma, expected = message.partition(_EXPECTED)
    begins = _FOUND.search(before)
    found = before[begins.end() :] if begins else None
    return found, expected if comma else None
