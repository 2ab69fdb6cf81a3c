"""Answers that were there already: what a person is told of them."""

from collections.abc import Iterable

from evals.domain.specs import CandidateSpec


def reuse_note(reused: int, answers: int, candidates: Iterable[CandidateSpec]) -> str:
    """Return "60 of 60 answers reused, nothing paid for them", or "" where none was.

    `candidates` are those whose answers were reused: where one of them samples, a second
    evaluation is no second draw, and the note says so.
    """
    if not reused:
        return ""
    note = f"{reused:,} of {answers:,} answers reused, nothing paid for them"
    if any(_samples(candidate) for candidate in candidates):
        note += "; at a temperature above 0 these are the same samples, not new ones"
    return note


def _samples(candidate: CandidateSpec) -> bool:
    temperature = candidate.harness.temperature
    return temperature is None or temperature > 0
