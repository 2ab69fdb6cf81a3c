"""Telling a model on this machine from another one that took its place under the same path."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from evals.domain.specendpoints import names_local_model
from evals.domain.specs import CandidateSpec


def model_fingerprint(candidate: CandidateSpec) -> str:
    """Return a hash of the names, sizes and times of a local model's files.

    Empty for a model that is named and not kept here; what a server makes of a name cannot be seen.
    Reading gigabytes of weights for their content would cost more than asking them again.
    """
    if not names_local_model(candidate):
        return ""
    facts = "\n".join(_facts(Path(candidate.model.id)))
    return hashlib.sha256(facts.encode(errors="surrogateescape")).hexdigest()


def _facts(place: Path) -> Iterator[str]:
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    for file in files:
        if file.is_file():
            stat = file.stat()
            yield f"{file} {stat.st_size} {stat.st_mtime_ns}"
