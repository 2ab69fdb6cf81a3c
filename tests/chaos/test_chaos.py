"""The short form of `make chaos`, in a process and on servers of its own."""

import json
import os
import subprocess
import sys

from tests.jobs.workers import PROJECT

LONGEST_SECONDS = 400  # on a machine that does much else; some forty on a quiet one
ESSENTIAL = {
    "nothing",
    "kill -9 of one worker",
    "kill -9 of PostgreSQL",
    "5 % 500s, 5 % 429s, 1 % hung sockets",
    "worker frozen past its lease",
}


def test_whatever_is_killed_nothing_is_lost_and_only_what_was_in_flight_is_asked_again(tmp_path):
    own = {"DATABASE_URL", "BROKER_URL", "VIABILITY_HOME", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--short", "--no-peers", "--out", tmp_path],
        env=environment | {"PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    assert (tmp_path / "chaos.json").exists(), done.stderr
    measured = json.loads((tmp_path / "chaos.json").read_text())
    problems = {row["scenario"]: row["problems"] for row in measured["scenarios"]}
    assert set(problems) == ESSENTIAL
    assert not any(problems.values()), done.stderr
    assert (tmp_path / "chaos.md").read_text().count("| yes |") == len(problems)
    assert done.returncode == 0
