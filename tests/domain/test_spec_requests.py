"""Kinds of endpoints and what they are sent, in a spec file."""

import pytest

from evals.domain.specfile import SpecOrigin, write_spec
from evals.domain.specs import EndpointKind
from tests.domain.specfiles import SMALLEST, read, told, with_endpoint


def test_anthropics_own_address_is_written_out():
    spec = read(with_endpoint("kind: anthropic; api_key_env: KEY"))
    assert spec.candidates[0].endpoint.base_url == "https://api.anthropic.com/v1"
    assert "base_url: https://api.anthropic.com/v1" in write_spec(spec)
    spec = read(with_endpoint("kind: anthropic; base_url: http://gateway"))
    assert spec.candidates[0].endpoint.base_url == "http://gateway"


def test_what_is_sent_beyond_the_usual_is_read():
    harness = "{temperature: null, reasoning: {effort: low}, stream: true, extra_body: {a: [1]}}"
    endpoint = read(
        with_endpoint(
            "kind: openai; base_url: http://a; stream: true; extra_body: {b: {c: d}}; "
            "tokens_per_minute: 9000"
        )
    ).candidates[0]
    said = read(f"{SMALLEST}  harness: {harness}\n").candidates[0].harness
    assert (said.temperature, said.reasoning, said.stream) == (None, {"effort": "low"}, True)
    assert said.extra_body == {"a": [1]}
    assert endpoint.endpoint.extra_body == {"b": {"c": "d"}}
    assert (endpoint.endpoint.stream, endpoint.endpoint.tokens_per_minute) == (True, 9000)
    effort = read(f"{SMALLEST}  harness: {{reasoning: low}}\n").candidates[0].harness
    assert effort.reasoning == "low"


@pytest.mark.parametrize(
    ("harness", "problem"),
    [
        ("extra_body: 1", "extra_body: found 1, expected a mapping"),
        ("stream: maybe", "stream: found 'maybe', expected true or false"),
        ("reasoning: [low]", "reasoning: found a list, expected text"),
        ("temperature: hot", "temperature: found 'hot', expected a number, 0 or more"),
    ],
)
def test_what_cannot_be_sent_is_told(harness, problem):
    assert told(f"{SMALLEST}  harness: {{{harness}}}\n") == [f"20: candidates[0].harness.{problem}"]


@pytest.mark.parametrize("key", ["reasoning: low", "stream: true", "extra_body: {a: 1}"])
@pytest.mark.parametrize("kind", ["openvino", "hf", "vllm", "lm_eval"])
def test_a_model_in_the_worker_is_sent_no_request(kind, key):
    endpoint = f"kind: {kind}" + ("; backend: dummy" if kind == "lm_eval" else "")
    problems = told(f"{with_endpoint(endpoint)}  harness: {{{key}}}\n")
    name = key.partition(":")[0]
    problems = [problem for problem in problems if "model.id" not in problem]
    line = 20 if kind == "lm_eval" else 19
    assert problems == [
        (
            f"{line}: candidates[0].harness.{name}: kind {kind} takes no {name!r}, "
            "only openai, anthropic do"
        )
    ]


def test_a_backend_of_lm_eval_has_a_name_and_may_have_arguments():
    spec = read(with_endpoint("kind: lm_eval; backend: mamba_ssm; arguments: {dtype: float16}"))
    endpoint = spec.candidates[0].endpoint
    assert endpoint.kind is EndpointKind.LM_EVAL
    assert (endpoint.backend, endpoint.arguments) == ("mamba_ssm", {"dtype": "float16"})
    assert told(with_endpoint("kind: lm_eval")) == [
        "17: candidates[0].endpoint.backend: required key 'backend' is missing"
    ]


def test_the_browser_may_not_pass_arguments_or_name_a_backend():
    def told_browser(endpoint: str) -> list[str]:
        text = with_endpoint(endpoint)
        return told(text, origin=SpecOrigin.BROWSER, uploads=["rows.csv"])

    assert told_browser("kind: vllm; arguments: {trust_remote_code: true}") == [
        (
            "19: candidates[0].endpoint.arguments: passing arguments to lm-eval is for specs on "
            "the command line"
        )
    ]
    assert told_browser("kind: lm_eval; backend: openai-completions") == [
        (
            "18: candidates[0].endpoint.kind: a backend of lm-eval by name is for specs on the "
            "command line"
        )
    ]
    assert read(
        with_endpoint("kind: vllm"), origin=SpecOrigin.BROWSER, uploads=["rows.csv"]
    ).candidates
