"""How a candidate's weights are rounded, as far as its settings or its name say so."""

import re

from evals.domain.specs import CandidateSpec

# What engines call the setting, most telling first.
ARGUMENTS = ("quantization", "quantisation", "load_in_4bit", "load_in_8bit", "gguf_file", "dtype")
_NAMED = re.compile(
    r"(?<![A-Za-z0-9])(I?Q[2-8](?:_[0-9A-Z]{1,2}){0,3}|BF16|F(?:P)?16|F(?:P)?32|FP8|NVFP4|MXFP4"
    r"|INT[48]|[48]BIT|AWQ|GPTQ|NF4|W[48]A(?:8|16))(?![A-Za-z0-9])",
    re.IGNORECASE,
)


def quantisation_of(candidate: CandidateSpec) -> str | None:
    """Return what is known of the quantisation, None where nothing says it.

    A setting of the engine goes before the model's name; "auto" says nothing.
    """
    arguments = candidate.endpoint.arguments or {}
    for name in ARGUMENTS:
        value = arguments.get(name)
        if isinstance(value, str) and value and value != "auto":
            return value
        if value is True:
            return name.removeprefix("load_in_")
    found = _NAMED.findall(candidate.model.id.rpartition("/")[2])
    return "-".join(dict.fromkeys(each.upper() for each in found)) or None
