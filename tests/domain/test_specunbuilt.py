import pytest

from tests.domain.specfiles import SMALLEST, changed, told, with_endpoint, with_scorer


@pytest.mark.parametrize(
    "metric",
    ["tpot_p50_seconds", "tpot_p95_seconds"],
)
def test_a_metric_that_is_not_built_is_refused(metric):
    assert told(changed("metric: exact_match", f"metric: {metric}")) == [
        (
            f"10: bar[0].metric: metric {metric!r} is not built yet, expected one of exact_match, "
            "latency_p50_seconds, latency_p95_seconds, latency_p99_seconds, ttft_p50_seconds, "
            "ttft_p95_seconds, ttft_p99_seconds, cost_per_1k_usd, cost_per_accepted_usd, error_rate"
        )
    ]


@pytest.mark.parametrize("name", ["judge", "json_schema", "json_fields"])
def test_a_scorer_that_is_not_built_is_refused(name):
    known = "expected one of exact_match, contains, regex, last_number, f1, choice, lm_eval"
    assert told(with_scorer(name)) == [f"8: scorers[0]: scorer {name!r} is not built yet, {known}"]
    assert told(with_scorer(f"{{{name}: {{model: x}}}}")) == [
        f"8: scorers[0].{name}: scorer {name!r} is not built yet, {known}"
    ]


@pytest.mark.parametrize("path", ["$.answer", "$[0]"])
def test_a_json_path_is_not_built_yet(path):
    assert told(with_scorer(f"{{f1: {{extract: {path!r}}}}}")) == [
        (
            f"8: scorers[0].f1.extract: a JSON path, {path!r} is not built yet; "
            "expected a regular expression"
        )
    ]


@pytest.mark.parametrize("key", ["quantisation", "region"])
def test_an_endpoint_key_that_is_not_built_is_refused(key):
    assert told(with_endpoint(f"kind: hf; {key}: 1")) == [
        (
            f"19: candidates[0].endpoint.{key}: {key!r} is not built yet, "
            "expected one of kind, device, batch_size, concurrency, requests_per_minute, "
            "arguments, pool"
        )
    ]


@pytest.mark.parametrize("key", ["few_shot", "self_consistency", "format_repair"])
def test_a_harness_key_that_is_not_built_is_refused(key):
    assert told(f"{SMALLEST}  harness: {{{key}: 1}}\n") == [
        (
            f"20: candidates[0].harness.{key}: {key!r} is not built yet, "
            "expected one of system, prompt, max_tokens, temperature, top_p, stop, seed, "
            "reasoning, stream, extra_body"
        )
    ]
