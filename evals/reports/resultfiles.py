"""The result files: one JSON document for an evaluation, one JSON line for each trial."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def result_text(document: Mapping[str, Any]) -> str:
    """Return the evaluation's document as JSON that people can read too."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sample_lines(trials: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line of JSON for each trial."""
    for trial in trials:
        yield json.dumps(trial, ensure_ascii=False, allow_nan=False) + "\n"
