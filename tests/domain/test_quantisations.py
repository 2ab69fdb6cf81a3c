"""The quantisation as far as settings and names say it."""

from dataclasses import replace

import pytest

from evals.domain.quantisations import quantisation_of
from tests import make


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lab/model-Q4_K_M.gguf", "Q4_K_M"),
        ("lab/Llama-70B-AWQ-INT4", "AWQ-INT4"),
        ("lab/model-fp8", "FP8"),
        ("lab/tickets-f16.gguf", "F16"),
        ("lab/OLMo-2-1B", None),
        ("lab/Qwen2-7B", None),
        ("q8_0/plain", None),
    ],
)
def test_a_name_says_it_or_nothing_does(name: str, said: str | None):
    spec = make.candidate_spec()
    assert quantisation_of(replace(spec, model=replace(spec.model, id=name))) == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dtype": "bfloat16"}, "bfloat16"),
        ({"dtype": "auto"}, None),
        ({"load_in_4bit": True}, "4bit"),
        ({"quantization": "awq", "dtype": "float16"}, "awq"),
    ],
)
def test_a_setting_says_it(arguments: dict[str, object], said: str | None):
    assert quantisation_of(make.candidate_spec(arguments=arguments)) == said
