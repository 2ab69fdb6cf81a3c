"""A set of the hub by the real job in a process of its own, from a hub on the loopback."""

import subprocess
import sys

import pytest
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.models import Upload
from evals.models.uploads import UploadState
from evals.queries.uploads import first_rows_of
from evals.services.evalsets import version_from_upload
from evals.services.uploads import ask_to_fetch
from tests import make
from tests.engine.hub import COMMIT, hub
from tests.jobs.workers import PROJECT, environment

pytestmark = pytest.mark.django_db(transaction=True)
FETCH = """
import os, sys
import django
django.setup()
from django.utils import timezone
from evals.services import uploadfetching
uploadfetching.carry_out(sys.argv[1], now=timezone.now(), should_end=lambda: False)
os._exit(0)
"""
FILES = {"data/test.csv": b"text,label\nhello,billing\nbye,refunds\n"}


def fetch(upload: Upload, address: str, home) -> None:
    (home / "uploads").mkdir(exist_ok=True)
    told = subprocess.run(
        [sys.executable, "-c", FETCH, str(upload.pk)],
        env={
            **environment(),
            "HF_ENDPOINT": address,
            "HF_HOME": str(home / "cache"),
            "VIABILITY_HOME": str(home),
        },
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    upload.refresh_from_db()


def test_a_set_becomes_a_version_that_names_its_commit(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    user = make.member()
    task = make.task(make.team_of(user))
    source = {"name": "acme/tickets", "split": "test", "revision": "main"}
    upload = ask_to_fetch(task=task, source=source, user=user, now=timezone.now())
    with hub({"acme/tickets": FILES}) as (address, _):
        fetch(upload, address, tmp_path)
        assert upload.state == UploadState.KEPT, upload.refusal
        taken = upload.attempts
        fetch(upload, address, tmp_path)
    assert upload.attempts == taken == 1
    top = first_rows_of(upload)
    assert top.guess == Mapping("text", "label")
    made = version_from_upload(task=task, upload=upload, mapping=top.guess, user=user)
    assert made.sample_count == 2
    assert made.source_name == f"Hugging Face acme/tickets, split test, revision {COMMIT}"


def test_what_cannot_be_had_is_kept_as_the_reason(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    user = make.member()
    upload = ask_to_fetch(
        task=make.task(make.team_of(user)),
        source={"name": "acme/nothing", "split": "test"},
        user=user,
        now=timezone.now(),
    )
    with hub({}) as (address, _):
        fetch(upload, address, tmp_path)
    assert upload.state == UploadState.FAILED
    assert "no such public set" in upload.refusal["problems"][0]["message"]
    assert not list(settings.MEDIA_ROOT.iterdir())
