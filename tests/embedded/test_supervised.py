import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.embedded.served import ENVIRONMENT, run, supervisor
from viability import cli
from viability.children import Child, Keeper
from viability.embedded import main, take_home
from viability.leftovers import PROC
from viability.workers import worker_command

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = [sys.executable, "-c", f"import subprocess; subprocess.run({SLEEP!r})"]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("DATABASE_URL", "BROKER_URL", "VIABILITY_HOME", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "")  # what the command line sets is undone after the test
        monkeypatch.delenv(name)


def test_the_commands_exit_status_and_output_pass_through(home):
    done = run(
        *("-m", "viability.embedded", "--home", home, "--"),
        *("sh", "-c", "echo $DATABASE_URL $BROKER_URL $PGPORT; exit 7"),
        env=ENVIRONMENT | {"PGPORT": "1"},
    )
    assert done.returncode == 7
    assert done.stdout == (
        f"postgresql://viability@/viability?host={home}/run"
        f" redis+socket://{home}/valkey/run/valkey.sock?virtual_host=0\n"
    )


def test_services_that_are_configured_are_not_started(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("BROKER_URL", "redis://elsewhere")
    assert main(["--home", str(tmp_path / "home"), "--", "true"]) == 0
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_command_and_the_services_end(home, number):
    with supervisor(home) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait() == 128 + number
    assert not list((home / "run").iterdir())


def test_a_command_that_does_not_exist_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "x")
    monkeypatch.setenv("BROKER_URL", "x")
    assert main(["--home", str(tmp_path), "--", "no-such-command"]) == 127
    assert "no-such-command" in capsys.readouterr().err


def test_a_child_that_ends_is_started_again_and_its_last_words_are_shown(tmp_path, said):
    child = Child("web", ["sh", "-c", "echo no luck; exit 3"], tmp_path, os.environ)
    keeper = Keeper(child, said.append)
    child.start()
    deadline = time.monotonic() + 20
    while len(said) < 4:
        assert time.monotonic() < deadline
        keeper.check()
        time.sleep(0.02)
    child.stop()
    assert said[0] == "web stopped (exit status 3); starting it again in 1 s"
    assert said[1].endswith("no luck")
    assert said[2] == "web stopped (exit status 3); starting it again in 2 s"


def test_what_a_killed_child_left_running_ends_before_it_starts_again(tmp_path):
    child = Child("web", PARENT, tmp_path, os.environ)
    child.start()
    grandchild = offspring_of(child)
    os.kill(started(child), signal.SIGKILL)
    while child.exit_status() is None:
        time.sleep(0.02)
    assert alive(grandchild)
    child.start()
    assert not alive(grandchild)
    child.stop()


def test_stopping_a_child_stops_what_it_started(tmp_path):
    child = Child("web", PARENT, tmp_path, os.environ)
    child.start()
    grandchild = offspring_of(child)
    child.stop()
    assert not alive(grandchild)


def test_up_is_refused_while_the_home_is_in_use(tmp_path, capsys):
    with take_home(tmp_path, command="viability evaluate"):
        assert cli.main(["up", "--home", str(tmp_path)]) == 4
    assert f"process {os.getpid()} (viability evaluate)" in capsys.readouterr().err


def test_up_is_refused_before_anything_starts_when_its_port_is_taken(tmp_path, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert cli.main(["up", "--port", str(port), "--home", str(tmp_path / "home")]) == 4
    assert f"port {port} is taken" in capsys.readouterr().err
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_worker_needs_services(tmp_path, capsys):
    assert cli.main(["worker", f"--home={tmp_path}"]) == 4
    assert "start `viability up` first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "queues", "rest"),
    [
        ([], "default", []),
        (["--pool", "gpu"], "gpu", []),
        (["--pool=gpu,default,gpu"], "gpu,default", []),
        (["--pool", " gpu, default"], "gpu,default", []),
        (["-P", "solo", "--pool", "gpu", "-l", "DEBUG"], "gpu", ["-P", "solo", "-l", "DEBUG"]),
        (["--queues", "old-way", "--autoscale=4,1"], "default",
         ["--queues", "old-way", "--autoscale=4,1"]),
    ],
)  # fmt: skip
def test_a_worker_serves_its_pools_and_other_options_are_celerys(arguments, queues, rest):
    command = worker_command(arguments)
    assert command[1:6] == ["-m", "celery", "-A", "viability", "worker"]
    assert command[command.index("--queues") + 1] == queues
    # Celery takes the last of two, so what was typed for it stands last.
    assert command[len(command) - len(rest) :] == rest
    assert "--concurrency" not in command


def test_a_worker_is_told_how_many_jobs_it_does_at_once():
    command = worker_command(["--pool", "gpu", "--concurrency", "3"])
    assert command[command.index("--concurrency") + 1] == "3"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pool", ""], "--pool: found ''"),
        (["--pool", "gpu,"], "--pool: found 'gpu,'"),
        (["--concurrency", "0"], "--concurrency: found '0'"),
        (["--concurrency", "many"], "--concurrency: found 'many'"),
    ],
)
def test_a_worker_without_a_pool_or_a_process_is_bad_input(tmp_path, capsys, arguments, words):
    assert cli.main(["worker", "--home", str(tmp_path), *arguments]) == 3
    assert words in capsys.readouterr().err


def test_a_database_url_that_is_none_is_named_without_its_password(tmp_path):
    environment = ENVIRONMENT | {"DATABASE_URL": "mysql://me:hush@host/name"}
    done = run("-m", "viability.cli", "evaluate", "spec.yaml", "--home", tmp_path, env=environment)
    assert done.returncode == 3
    assert "DATABASE_URL" in done.stderr
    assert "hush" not in done.stderr


def test_a_home_that_is_a_file_is_a_failure_and_no_verdict(tmp_path, capsys):
    (tmp_path / "home").touch()
    assert cli.main(["evaluate", "spec.yaml", "--home", str(tmp_path / "home")]) == 4
    assert f"cannot use {tmp_path / 'home'} as a home" in capsys.readouterr().err


def test_a_key_file_that_cannot_be_made_is_bad_input(tmp_path):
    (tmp_path / "home").touch()
    done = run("-m", "viability.cli", "plan", "spec.yaml", "--home", tmp_path / "home",
               env=ENVIRONMENT)  # fmt: skip
    assert done.returncode == 3
    assert "SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_without_a_folder_is_bad_input(capsys):
    assert cli.main(["evaluate", "spec.yaml", "--home"]) == 3
    assert "--home" in capsys.readouterr().err


def test_the_version_is_told(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("viability ")


def started(child: Child) -> int:
    [leader] = [pid for pid in children_of(os.getpid()) if name_of(pid) == child.mark]
    return leader


def offspring_of(child: Child) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found := children_of(started(child)):
            return found[0]
        time.sleep(0.02)
    raise AssertionError("it started nothing")


def children_of(pid: int) -> list[int]:
    found = []
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


def name_of(pid: int) -> str:
    variables = Path(PROC / str(pid) / "environ").read_bytes().decode().split("\0")
    named = dict(variable.partition("=")[::2] for variable in variables)
    return named.get("VIABILITY_SUPERVISED", "")


def alive(pid: int) -> bool:
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
