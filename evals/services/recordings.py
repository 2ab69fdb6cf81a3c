"""Recorded answers beside the samples that they are to answer."""

from collections.abc import Iterator
from itertools import islice

from evals.domain.problems import InputError, Problem
from evals.domain.specs import CandidateSpec
from evals.models import Candidate, EvalSetVersion, RecordedAnswerRow, Sample
from evals.queries.figures import plural
from evals.services.candidates import key_hash, recorded_key

NAMED = 20  # a file that belongs to other rows would name each of them


def check_answers(*, candidate: Candidate, spec: CandidateSpec, version: EvalSetVersion) -> None:
    """Refuse recorded answers that lack a sample of the version.

    Raises:
        InputError: Naming the first keys that are missing, and how many more are.
    """
    rows = RecordedAnswerRow.objects.filter(endpoint=candidate.endpoint)
    known = set(rows.values_list("key_hash", flat=True))
    missing = (row for row in _keys(version, spec) if key_hash(row[1]) not in known)
    first = [_no_answer(row, key, spec) for row, key in islice(missing, NAMED)]
    more = sum(1 for _ in missing)
    if more:
        said = f"{spec.name!r} has none for {plural(more, 'more row')} either"
        first.append(Problem(message=said))
    if first:
        raise InputError(*first, file=spec.endpoint.file)


def _no_answer(row: int, key: str, spec: CandidateSpec) -> Problem:
    said = f"candidate {spec.name!r} has no recorded answer for {key[:120]!r}"
    return Problem(row=row, message=said)


def _keys(version: EvalSetVersion, spec: CandidateSpec) -> Iterator[tuple[int, str]]:
    column = version.mapping["input"]
    samples = Sample.objects.of(version.pk).order_by("pk")
    for sample in samples.iterator(chunk_size=2000):
        yield sample.row, recorded_key(sample, key_column=spec.endpoint.key, input_column=column)
