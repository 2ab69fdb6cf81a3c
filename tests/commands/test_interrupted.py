"""A command that is interrupted in mid-run, as a process of its own, and its next call."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from evals.models import Shard, Trial
from evals.models.evaluations import ShardState
from tests.commands.conftest import rows
from tests.jobs.workers import PROJECT, environment, until

pytestmark = pytest.mark.django_db(transaction=True)


def start(desk, home: Path) -> subprocess.Popen[str]:
    desk.spec_path.write_text(yaml.safe_dump(desk.spec))
    command = [sys.executable, "-m", "viability.cli", "evaluate", str(desk.spec_path)]
    return subprocess.Popen(
        [*command, "--home", str(home)],
        env=environment(),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_what_was_stored_is_not_asked_again(desk, server, tmp_path, number, status):
    desk.write("rows.csv", rows(400))
    desk.candidate["endpoint"]["concurrency"] = 8
    server.latency_seconds = 0.05
    process = start(desk, tmp_path / "home")
    until(lambda: Trial.objects.count() >= 40, seconds=60)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == status, err
    assert "Traceback" not in err
    stored = Trial.objects.count()
    assert 40 <= stored < 400
    if (
        number == signal.SIGINT
    ):  # told to end, it stores what was in flight and gives its lease back
        assert stored == len(server.requests)
        assert not Shard.objects.filter(state=ShardState.LEASED).exists()
    server.latency_seconds = 0
    ended = desk.evaluate()
    assert ended.status == 0
    assert "is known" in ended.err
    assert Trial.objects.count() == 400
    times = Counter(server.prompts)
    assert len(times) == 400
    assert sum(count - 1 for count in times.values()) <= 3 * 8


def test_a_second_command_on_a_home_in_use_is_refused(desk, server, tmp_path):
    desk.write("rows.csv", rows(400))
    server.latency_seconds = 0.05
    first = start(desk, tmp_path / "home")
    until(Trial.objects.exists, seconds=60)
    second = start(desk, tmp_path / "home")
    _, err = second.communicate(timeout=30)
    assert second.returncode == 4
    assert f"is in use by process {first.pid}" in err
    os.kill(first.pid, signal.SIGTERM)
    first.communicate(timeout=30)
    assert first.returncode == 128 + signal.SIGTERM
