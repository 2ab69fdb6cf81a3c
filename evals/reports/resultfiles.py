"""The result files: one JSON document for an evaluation, one JSON line for each trial."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

LEVEL = (
    "concurrency requests failed throttled seconds tasks_per_hour input_tokens_per_second"
    " output_tokens_per_second p50_seconds p95_seconds p99_seconds p95_low_seconds"
    " p95_high_seconds ttft_p50_seconds ttft_p95_seconds tpot_p50_seconds is_within_bar"
)
# Names in the order of the design, by the part that they stand in; others follow as they come.
# A stored verdict has lost its order: PostgreSQL's jsonb keeps none.
ORDER: Mapping[str, str] = {
    "": "schema task evaluation candidate simulated state message created_at finished_at eval_set"
    " plan settings hardware method incumbent candidates warnings cascades verdict levels goodput",
    "eval_set": "sha256 samples",
    "settings": "levels samples seconds latency_bar_seconds hardware_key seed budget_usd",
    "levels": LEVEL,
    "goodput": LEVEL,
    "plan": "alpha seed epochs stop_early max_samples skip_samples budget_usd",
    "candidates": "name open simulated state message verdict sentence trials reused metrics"
    " criteria paired stopping usage latency cost",
    "trials": "ok no_answer model_error infra_error scorer_error skipped truncated",
    "metrics": "metric slice value low high n passed method warning",
    "criteria": "metric slice at_least at_most within of alpha required state value low high"
    " interval_method bound level n samples_needed method probability",
    "paired": "n both only_candidate only_incumbent neither difference low high method",
    "usage": "input_tokens output_tokens cached_tokens cache_write_tokens reasoning_tokens"
    " requests",
    "cascades": "first second third signal metric replayed n threshold escalation value low high"
    " per_task_usd per_accepted_usd p95_seconds ceiling sha256",
    "cost": "total_usd per_1k_tasks_usd per_accepted_usd monthly_usd estimated rule price"
    " price_row priced_usage",
    "latency": "p50_seconds p95_seconds p99_seconds ttft_p50_seconds ttft_p95_seconds n"
    " ttft_p99_seconds ttft_n tpot_p50_seconds tpot_p95_seconds tpot_p99_seconds tpot_n"
    " concurrency in_flight",
}


def result_text(document: Mapping[str, Any]) -> str:
    """Return the evaluation's document as JSON that people can read too."""
    return json.dumps(_ordered(document, ""), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sample_lines(trials: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line of JSON for each trial."""
    for trial in trials:
        yield json.dumps(trial, ensure_ascii=False, allow_nan=False) + "\n"


def _ordered(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return [_ordered(item, part) for item in value]
    if not isinstance(value, Mapping):
        return value
    known = [name for name in ORDER.get(part, "").split() if name in value]
    names = dict.fromkeys([*known, *value])
    return {name: _ordered(value[name], name) for name in names}
