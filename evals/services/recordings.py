"""Recorded answers beside the samples that they are to answer."""

from collections.abc import Iterator

from evals.domain.problems import InputError, Problem
from evals.domain.specs import CandidateSpec
from evals.models import Candidate, EvalSetVersion, RecordedAnswerRow, Sample
from evals.services.candidates import key_hash, recorded_key


def check_answers(*, candidate: Candidate, spec: CandidateSpec, version: EvalSetVersion) -> None:
    """Refuse recorded answers that lack a sample of the version.

    Raises:
        InputError: Naming the first keys that are missing.
    """
    rows = RecordedAnswerRow.objects.filter(endpoint=candidate.endpoint)
    known = set(rows.values_list("key_hash", flat=True))
    missing = [
        Problem(
            row=row, message=f"candidate {spec.name!r} has no recorded answer for {key[:120]!r}"
        )
        for row, key in _keys(version, spec)
        if key_hash(key) not in known
    ]
    if missing:
        raise InputError(*missing, file=spec.endpoint.file)


def _keys(version: EvalSetVersion, spec: CandidateSpec) -> Iterator[tuple[int, str]]:
    column = version.mapping["input"]
    samples = Sample.objects.filter(version=version).order_by("position")
    for sample in samples.iterator(chunk_size=2000):
        yield sample.row, recorded_key(sample, key_column=spec.endpoint.key, input_column=column)
