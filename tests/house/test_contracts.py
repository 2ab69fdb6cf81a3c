"""Rules of the house that no tool but these tests knows."""

import ast
import importlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from evals.queue import Job

PROJECT = Path(__file__).parents[2]
ROOMS = sorted(
    path.relative_to(PROJECT)
    for base in ("evals", "viability")
    for path in (PROJECT / base).rglob("__init__.py")
    if not {"migrations", "commands", "templatetags"} & set(path.parts)
)


def test_imports_only_point_down_the_house():
    # In a process of its own: it reads modules from the current folder and writes as it likes.
    lint = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    command = [sys.executable, "-c", lint]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_job_has_its_function_and_every_function_its_job():
    from viability.celery import app  # noqa: PLC0415

    importlib.import_module("evals.jobs")
    registered = {name for name in app.tasks if name.startswith("evals.")}
    assert registered == {job.value for job in Job}


def test_what_beat_rings_for_is_a_job(settings):
    rung = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert rung <= {job.value for job in Job}


@pytest.mark.django_db
def test_the_migrations_are_complete():
    out = io.StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=out)
    assert "No changes" in out.getvalue()


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_every_room_says_what_lives_there(room):
    assert ast.get_docstring(ast.parse((PROJECT / room).read_text()))


def test_no_module_is_a_drawer_for_odds_and_ends():
    names = {"utils.py", "helpers.py", "common.py", "base.py"}
    found = [path for base in ("evals", "viability") for path in (PROJECT / base).rglob("*.py")]
    assert not [path for path in found if path.name in names]
