"""The whole of BANKING77 through `evaluate`, with 64 requests in flight."""

import csv
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.fakes import FakeOpenAI
from tests.jobs.workers import PROJECT, environment

DATA = PROJECT.parent / "shared" / "data" / "banking77_test.csv"


@pytest.mark.skipif(not DATA.is_file(), reason=f"the data for tests is not at {DATA}")
@pytest.mark.django_db(transaction=True)
def test_every_row_is_asked_once_and_scored(tmp_path: Path, capsys):
    with DATA.open(encoding="utf-8", newline="") as file:
        answers = {row["text"]: row["category"] for row in csv.DictReader(file)}
    with FakeOpenAI(lambda messages: answers[messages[-1]["content"]]) as server:
        server.latency_seconds = 0.05
        spec = tmp_path / "spec.yaml"
        spec.write_text(yaml.safe_dump(banking77(server)))
        wall, processor = evaluate(spec, tmp_path)
        result = json.loads((tmp_path / "result.json").read_text())
        assert result["eval_set"]["samples"] == 3080
        assert result["candidates"][0]["metrics"][0]["passed"] == 3080
        assert len(server.requests) == 3080
        assert server.most_in_flight == 64
    with capsys.disabled():
        sys.stdout.write(f"\nbanking77: {wall:.1f} s wall, {processor:.1f} s processor\n")


def banking77(server: FakeOpenAI) -> dict[str, object]:
    endpoint = {"kind": "openai", "base_url": server.base_url, "concurrency": 64}
    return {
        "task": {"name": "Support intent"},
        "eval_set": {"file": str(DATA), "input": "text", "target": "category"},
        "scorers": ["exact_match"],
        "bar": [{"metric": "exact_match", "at_least": 0.85}],
        "candidates": [{"name": "a", "model": {"id": "a", "open": True}, "endpoint": endpoint}],
    }


def evaluate(spec: Path, folder: Path) -> tuple[float, float]:
    """Run the command as a process and return its seconds of wall time and of processor."""
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    options = ["--json", str(folder / "result.json"), "--home", str(folder / "home")]
    done = subprocess.run(
        [sys.executable, "-m", "viability.cli", "evaluate", str(spec), *options],
        env={**os.environ, **environment()},
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, spent
