"""Spec files for the tests, and ways to change and read them."""

from typing import Any

import pytest

from evals.domain.specfile import (
    SpecError,
    read_spec,
)
from evals.domain.specs import Spec

SMALLEST = """\
task:
  name: Support intent
eval_set:
  file: rows.csv
  input: text
  target: label
scorers:
- exact_match
bar:
- metric: exact_match
  at_least: 0.85
candidates:
- name: open
  model:
    id: org/open
    open: true
  endpoint:
    kind: openai
    base_url: https://api.example.com/v1
"""

EXAMPLE = """\
task: {name: Support intent, interactive: true, monthly_volume: 200000, failure_cost_usd: 0.40}
eval_set: {file: banking.csv, input: text, target: category, slices: [channel], cluster: customer}
scorers: [{exact_match: {ignore_case: true, ignore_punctuation: true}}]
bar:
  - {metric: exact_match, at_least: 0.85}
  - {metric: latency_p95_seconds, at_most: 2.0}
  - {metric: cost_per_1k_usd, at_most: 1.50, advisory: true}
candidates:
  - name: gpt-x
    model: {id: gpt-x-2026-06, lab: ExampleAI, open: false}
    endpoint: {kind: openai, base_url: https://api.example.com/v1, api_key_env: EXAMPLE_KEY,
      concurrency: 64, requests_per_minute: 3000, timeout_seconds: 60}
    price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}
    harness: &h {system: You label bank messages., prompt: "{{ text }}\\nIntent:", max_tokens: 16,
      temperature: 0}
  - name: olmo-local
    model: {id: allenai/OLMo-2-1B, revision: main, licence: Apache-2.0, open: true}
    endpoint: {kind: hf, device: cpu, batch_size: 16, pool: default}
    price: {gpu: L4, usd_per_hour: 0.80}
    harness: *h
  - name: gpt-x-logs
    model: {id: gpt-x-2026-06, open: false}
    endpoint: {kind: recorded, file: answers.csv, key: text, output: answer, latency_seconds: secs}
incumbent: gpt-x
plan: {alpha: 0.05, seed: 7, epochs: 1, stop_early: false, max_samples: 1000, budget_usd: 5}
"""

VENDOR = "vendor key"

ENDPOINT = """\
    kind: openai
    base_url: https://api.example.com/v1
"""


def told(text: str, **arguments: Any) -> list[str]:
    """What is wrong with a text, one line a problem, without the file's name."""
    with pytest.raises(SpecError) as caught:
        read_spec(text, file="s", **arguments)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    return [line.removeprefix("s:") for line in lines]


def changed(old: str, new: str) -> str:
    assert SMALLEST.count(old) == 1, old
    return SMALLEST.replace(old, new)


def read(text: str, **arguments: Any) -> Spec:
    return read_spec(text, file="s", **arguments)


def with_endpoint(lines: str) -> str:
    """The smallest spec with another endpoint; its first line is line 18."""
    return changed(ENDPOINT, "".join(f"    {line}\n" for line in lines.split("; ")))


def with_scorer(text: str) -> str:
    return SMALLEST.replace("- exact_match\n", f"- {text}\n").replace(
        "metric: exact_match\n  at_least: 0.85", "metric: cost_per_1k_usd\n  at_most: 1"
    )
