"""A spec that was written as JSON, made fit for the reader of the spec file, line by line."""

import json
import re

from evals.domain.specproblems import SpecError, SpecProblem

# YAML has no pairs of half characters, by which JSON writes what is beyond U+FFFF.
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE
)


def yaml_of_json(text: str, *, file: str) -> str:
    """Return a JSON text as YAML that says the same on the same lines.

    Raises:
        SpecError: If it is no JSON object.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        message = f"found no JSON: {error}, expected a spec as a JSON object"
        raise SpecError([SpecProblem(file=file, line=line, message=message)]) from None
    if not isinstance(value, dict):
        message = f"found {type(value).__name__}, expected a spec as a JSON object"
        raise SpecError([SpecProblem(file=file, line=1, message=message)])
    return _PAIR.sub(_joined, text).replace("\t", " ")


def _joined(pair: "re.Match[str]") -> str:
    high, low = (int(pair[part], 16) for part in (2, 3))
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
