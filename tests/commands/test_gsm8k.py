"""Real answers of two models to GSM8K through the real command, on services of its own."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"
OPEN, CLOSED = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
SPEC = f"""
task: {{name: GSM8K}}
eval_set: {{file: "{DATA}/gsm8k_test.jsonl", input: question, target: answer}}
scorers: [last_number]
bar:
  - {{metric: last_number, at_least: 0.60}}
  - {{metric: last_number, at_least: 0.64, advisory: true}}
  - {{metric: last_number, within: 0.05, of: incumbent, advisory: true}}
candidates:
  - name: open
    model: {{id: "{OPEN}", open: true}}
    endpoint: {{kind: recorded, file: "{DATA}/gsm8k_recorded.csv", key: prompt, output: "{OPEN}_response"}}
  - name: closed
    model: {{id: "{CLOSED}", open: false}}
    endpoint: {{kind: recorded, file: "{DATA}/gsm8k_recorded.csv", key: prompt, output: "{CLOSED}_response"}}
incumbent: closed
"""  # noqa: E501


def viability(*arguments: str, home: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the console script with a home of its own and no configured services."""
    services = {"DATABASE_URL", "BROKER_URL"}
    environment = {name: text for name, text in os.environ.items() if name not in services}
    return subprocess.run(
        [sys.executable, "-m", "viability.cli", *arguments, "--home", str(home)],
        env={**environment, "PYTHONPATH": str(PROJECT)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_odd_setting_is_bad_input_and_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setenv("UPLOAD_LIMIT_MB", "plenty")
    ended = viability("evaluate", "spec.yaml", home=tmp_path / "home", cwd=tmp_path)
    assert ended.returncode == 3
    assert "UPLOAD_LIMIT_MB='plenty'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the data for tests is not at {DATA}")
def test_the_published_flags_are_reproduced_and_a_second_call_asks_nothing(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    options = ["--json", "result.json", "--samples", "samples.jsonl"]
    home = tmp_path / "home"
    first = viability("evaluate", "spec.yaml", *options, home=home, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    check_result(json.loads((tmp_path / "result.json").read_text()))
    check_flags(tmp_path / "samples.jsonl")

    before = (tmp_path / "result.json").read_bytes(), (tmp_path / "samples.jsonl").read_bytes()
    (tmp_path / "spec.yaml").write_text("# the same, otherwise written\n" + SPEC)
    second = viability("evaluate", "spec.yaml", *options, home=home, cwd=tmp_path)
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert "is known" in second.stderr
    after = (tmp_path / "result.json").read_bytes(), (tmp_path / "samples.jsonl").read_bytes()
    assert after == before


def check_result(result):
    by_name = {candidate["name"]: candidate for candidate in result["candidates"]}
    for name, passed in (("open", 842), ("closed", 1130)):
        metric = by_name[name]["metrics"][0]
        assert (metric["metric"], metric["passed"], metric["n"]) == ("last_number", passed, 1319)
    paired = by_name["open"]["paired"]
    assert (paired["only_candidate"], paired["only_incumbent"], paired["n"]) == (95, 383, 1319)
    assert by_name["closed"]["verdict"] is None
    assert (by_name["open"]["verdict"], result["verdict"]) == ("go", "go")

    check_lines(by_name["open"])


def check_lines(candidate):
    low, high, margin = candidate["criteria"]
    assert (low["state"], high["state"], margin["state"]) == ("met", "unsettled", "missed")
    assert low["bound"] == pytest.approx(0.6160, abs=5e-5)
    assert high["samples_needed"] > 100_000
    assert margin["value"] == candidate["paired"]["difference"] == pytest.approx(-288 / 1319)
    shown = candidate["paired"]["low"], candidate["paired"]["high"]
    assert shown == pytest.approx((-0.2487, -0.1880), abs=5e-5)
    assert candidate["paired"]["method"] == "95 % Tango score interval"


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the data for tests is not at {DATA}")
@pytest.mark.parametrize(
    ("line", "verdict", "status"),
    [
        ("at_least: 0.75", "no_go", 1),
        ("within: 0.05, of: incumbent", "no_go", 1),
        ("at_least: 0.5", "go", 0),
    ],
)
def test_a_stop_rule_settles_after_a_small_part(line, verdict, status, tmp_path):
    bar = f"bar: [{{metric: last_number, {line}}}]\nplan: {{stop_early: true}}\ncandidates:\n"
    spec = re.sub(r"bar:.*?candidates:\n", lambda _: bar, SPEC, flags=re.DOTALL)
    (tmp_path / "spec.yaml").write_text(spec)
    options = ["spec.yaml", "--json", "result.json"]
    ended = viability("evaluate", *options, home=tmp_path / "home", cwd=tmp_path)
    assert ended.returncode == status, ended.stderr
    (candidate, _) = json.loads((tmp_path / "result.json").read_text())["candidates"]
    assert candidate["verdict"] == verdict
    stopping = candidate["stopping"]
    assert 20 < stopping["settled_after"] == candidate["metrics"][0]["n"] < 400
    assert stopping["not_asked"] + stopping["beyond"] + stopping["read"] == 1319


def check_flags(samples: Path) -> None:
    with (DATA / "gsm8k_recorded.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    columns = {"open": OPEN, "closed": CLOSED}
    agreeing = sum(
        line["scores"]["last_number"]
        == float(published[line["sample"]][columns[line["candidate"]]] == "True")
        for line in lines
    )
    assert (agreeing, len(lines)) == (2638, 2638)
