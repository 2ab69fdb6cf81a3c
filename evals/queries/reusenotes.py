"""What a result says of answers that were there already."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals.domain.reuse import reuse_note
from evals.domain.specs import Spec


def reused_in(document: Mapping[str, Any]) -> int:
    """Return how many answers were reused; results from before there was reuse name none."""
    return int(document.get("reused", 0))


def note_on_reuse(candidates: Sequence[Mapping[str, Any]], spec: Spec) -> str:
    """Return the note on all candidates' documents, which are in the order of the spec."""
    pairs = zip(candidates, spec.candidates, strict=True)
    return reuse_note(
        sum(reused_in(document) for document in candidates),
        sum(_stored(document) for document in candidates),
        [candidate for document, candidate in pairs if reused_in(document)],
    )


def _stored(document: Mapping[str, Any]) -> int:
    return sum(count for state, count in document["trials"].items() if state != "skipped")
