"""Sets of the hub through the real library, from a stand-in of the hub on the loopback.

The library reads the hub's address when it is loaded, so each case has a process of its own.
"""

import gzip
import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.hub import COMMIT, Sets, hub

PROJECT = Path(__file__).parents[2]
ASK = """
import json, os, sys
from evals.domain.problems import InputError
from evals.engine.hubsets import open_hub_set
try:
    found = open_hub_set(json.loads(sys.argv[1]))
    print(json.dumps({"commit": found.commit, "rows": list(found.rows)}))
except InputError as error:
    print(json.dumps({"error": str(error)}))
sys.stdout.flush()
os._exit(0)  # Arrow's threads may still run, and an ordinary end would abort for them
"""
SOURCE = {"name": "acme/tickets", "split": "test"}
CSV = b"text,label\nhello,billing\nbye,refunds\n"
ROWS = [{"text": "hello", "label": "billing"}, {"text": "bye", "label": "refunds"}]


def ask(sets: Sets, tmp_path: Path, **source: str) -> tuple[dict[str, Any], list[str]]:
    with hub(sets) as (address, asked):
        return asked_at(address, tmp_path, **source), asked


def asked_at(address: str, tmp_path: Path, **source: str) -> dict[str, Any]:
    environment = {
        **os.environ,
        "HF_ENDPOINT": address,
        "HF_HOME": str(tmp_path / "cache"),
        "HF_TOKEN": "hf_of_whoever_runs_the_worker",
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": str(PROJECT),
        "DJANGO_SETTINGS_MODULE": "viability.settings",
    }
    told = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps({**SOURCE, **source})],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_split_is_read_at_the_commit_that_was_resolved_without_a_token(tmp_path):
    found, asked = ask({"acme/tickets": {"test.csv": CSV}}, tmp_path)
    assert found == {"commit": COMMIT, "rows": ROWS}
    assert f"GET /datasets/acme/tickets/resolve/{COMMIT}/test.csv" in asked


def test_configurations_and_parquet_files_are_told_apart(tmp_path):
    card = """---
configs:
- config_name: en
  data_files: en/*.parquet
- config_name: fr
  data_files:
  - split: test
    path: fr/t.parquet
---
# Tickets
"""
    files = {
        "README.md": card.encode(),
        "en/test.parquet": parquet(text=["hello"], label=[1]),
        "fr/t.parquet": parquet(text=["bonjour"], label=[2], seen=[{"a": [1]}]),
    }
    found, _ = ask({"acme/tickets": files}, tmp_path, configuration="fr")
    assert found["rows"] == [{"text": "bonjour", "label": 2, "seen": {"a": [1]}}]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"name": "acme/nothing"}, "the hub has no such public set"),
        ({"revision": "v9"}, "the hub has no revision 'v9' of it"),
        ({"split": "train"}, "train"),
        ({"configuration": "xx"}, "'xx' not found"),
    ],
)
def test_what_cannot_be_had_says_why(tmp_path, source, reason):
    found, _ = ask({"acme/tickets": {"test.csv": CSV}}, tmp_path, **source)
    assert "cannot load" in found["error"]
    assert reason in found["error"]


def test_a_hub_that_is_away_is_told(tmp_path):
    found = asked_at("http://127.0.0.1:1", tmp_path)
    assert "the hub at http://127.0.0.1:1 cannot be reached from the worker" in found["error"]


@pytest.mark.parametrize("place", ["/etc/hosts.csv", "../other/x.csv", "http://127.0.0.1:2/x.csv"])
def test_a_card_that_names_files_elsewhere_is_refused(tmp_path, place):
    card = (
        f"---\nconfigs:\n- {{config_name: a, data_files: [{{split: test, path: '{place}'}}]}}\n---"
    )
    files = {"README.md": card.encode(), "test.csv": CSV}
    found, _ = ask({"acme/tickets": files}, tmp_path)
    assert "expected files of the set" in found["error"]


def test_no_code_of_a_set_runs_and_no_pickle_is_opened(tmp_path):
    trap = b"import pathlib; pathlib.Path('ran').write_text('yes')"
    found, _ = ask({"acme/tickets": {"tickets.py": trap}}, tmp_path)
    assert "cannot load" in found["error"]
    assert not (tmp_path / "ran").exists()
    found, _ = ask({"acme/tickets": {"test.pkl": b"\x80\x04N."}}, tmp_path)
    assert "cannot load" in found["error"]


def test_a_folder_of_the_worker_is_never_taken_for_a_set(tmp_path):
    (tmp_path / "acme" / "tickets").mkdir(parents=True)
    (tmp_path / "acme" / "tickets" / "test.csv").write_bytes(b"text,label\nsecret,x\n")
    found, asked = ask({"acme/tickets": {"test.csv": CSV}}, tmp_path)
    assert "a folder of the worker has this name" in found["error"]
    assert not asked


def test_cells_are_plain_at_any_depth_and_what_is_no_number_is_null(tmp_path):
    day, rates = date(2026, 5, 1), [1.5, float("nan")]
    content = parquet(text=["hello"], seen=[{"on": day, "all": [day]}], rates=[rates])
    found, _ = ask({"acme/tickets": {"test.parquet": content}}, tmp_path)
    seen = {"on": "2026-05-01", "all": ["2026-05-01"]}
    assert found["rows"] == [{"text": "hello", "seen": seen, "rates": [1.5, None]}]


@pytest.mark.parametrize("cell", [b"\x00\x01", {"raw": b"\x00"}, [b"\x00"]])
def test_columns_of_bytes_are_refused_by_name(tmp_path, cell):
    content = parquet(text=["hello"], photo=[cell])
    found, _ = ask({"acme/tickets": {"test.parquet": content}}, tmp_path)
    assert "the column 'photo' holds bytes, expected text, numbers or dates" in found["error"]


@pytest.mark.parametrize(
    "card",
    [
        b"---\nconfigs:\n- {data_files: [{split: test}]}\n---\n",
        b"---\nconfigs:\n- config_name: a\n  data_files: 7\n---\n",
        b"---\ndataset_info: {features: [{name: text, dtype: no_such}]}\n---\n",
    ],
)
def test_a_card_that_makes_the_library_stumble_is_told(tmp_path, card):
    found, _ = ask({"acme/tickets": {"README.md": card, "test.csv": CSV}}, tmp_path)
    assert "cannot load 'acme/tickets', split 'test': " in found["error"]


def test_files_that_break_off_are_told(tmp_path):
    content = gzip.compress(CSV * 1000)[:60]
    found, _ = ask({"acme/tickets": {"test.csv.gz": content}}, tmp_path)
    assert "cannot load 'acme/tickets', split 'test': EOFError: " in found["error"]
