"""How a candidate of a spec file is asked."""

from collections.abc import Mapping

from evals.domain.specnumbers import not_negative, number, whole
from evals.domain.specs import HarnessSpec
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, any_text, list_of, optional, text


def _not_empty(value: Value) -> str:
    read = any_text(value)
    if not read:
        value.refuse("text that is not empty")
    return read


HARNESS: Mapping[str, Read] = {
    "system": optional(any_text),
    "prompt": text,
    "max_tokens": whole(minimum=1),
    "temperature": not_negative,
    "top_p": optional(number("a number above 0, at most 1", lambda share: 0 < share <= 1)),
    "stop": list_of(_not_empty, noun="text", may_be_empty=True),
    "seed": optional(whole()),
}
BLANK = HarnessSpec(prompt="")


def harness(value: Value) -> HarnessSpec:
    """Read a harness; without a prompt it is blank, to be filled in by the default."""
    return HarnessSpec(**{"prompt": "", **Section(value, noun="harness").read(HARNESS)})
