"""How a candidate of a spec file is asked."""

from collections.abc import Mapping
from typing import Any

from evals.domain.specjson import plain_mapping
from evals.domain.specnodes import Table
from evals.domain.specnumbers import not_negative, number, whole
from evals.domain.specs import HarnessSpec
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, any_text, flag, list_of, optional, text


def _not_empty(value: Value) -> str:
    read = any_text(value)
    if not read:
        value.refuse("text that is not empty")
    return read


def _reasoning(value: Value) -> str | dict[str, Any]:
    """Read an effort such as `low`, or the vendor's own settings."""
    return plain_mapping(value) if isinstance(value.node, Table) else text(value)


HARNESS: Mapping[str, Read] = {
    "system": optional(any_text),
    "prompt": text,
    "max_tokens": whole(minimum=1),
    "temperature": optional(not_negative),
    "top_p": optional(number("a number above 0, at most 1", lambda share: 0 < share <= 1)),
    "stop": list_of(_not_empty, noun="text", may_be_empty=True),
    "seed": optional(whole()),
    "reasoning": optional(_reasoning),
    "stream": flag,
    "extra_body": optional(plain_mapping),
}
BLANK = HarnessSpec(prompt="")


def harness(value: Value) -> HarnessSpec:
    """Read a harness; without a prompt it is blank, to be filled in by the default."""
    return HarnessSpec(**{"prompt": "", **Section(value, noun="harness").read(HARNESS)})
