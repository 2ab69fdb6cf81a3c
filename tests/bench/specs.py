"""Spec files that ask what the other clients ask, for the ways that go through the whole house."""

import csv
from pathlib import Path
from uuid import uuid4

import yaml

from tests.bench.clients import PROMPT, TARGET
from tests.bench.measuring import Load


def write_spec(folder: Path, load: Load, *, url: str, timeout: float, pool: str = "default") -> str:
    """Write rows and a spec that names them into the folder; return the name of the task.

    The name is a new one each time, or a second run would find the answers of the first.
    """
    name = f"Bench {uuid4()}"
    with (folder / "rows.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["message", "intent"])
        for number in range(load.samples):
            rows.writerow([PROMPT.format(number).removesuffix("\nIntent:"), TARGET])
    endpoint = {
        "kind": "openai",
        "base_url": url,
        "concurrency": load.connections,
        "timeout_seconds": timeout,
        "pool": pool,
    }
    candidate = {
        "name": "bench",
        "model": {"id": "bench", "open": True},
        "endpoint": endpoint,
        "harness": {"prompt": "{{ message }}\nIntent:", "max_tokens": 16, "temperature": 0},
    }
    spec = {
        "task": {"name": name},
        "eval_set": {"file": "rows.csv", "input": "message", "target": "intent"},
        "scorers": ["exact_match"],
        "bar": [{"metric": "exact_match", "at_least": 0.5}],
        "candidates": [candidate],
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return name
