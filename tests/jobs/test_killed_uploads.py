"""A worker that is killed while it stores a large file, and the one that comes after it."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.models import EvalSetVersion, Sample
from evals.models.uploads import UploadState
from evals.services.evalsets import keep_upload
from evals.services.uploadleases import LOST_AFTER
from evals.services.uploads import ask_to_store, ring_for_uploads
from evals.services.uploadstoring import carry_out
from tests import make
from tests.jobs.workers import PROJECT, environment

pytestmark = pytest.mark.django_db(transaction=True)
STORE = """
import sys, time
import django
django.setup()
from django.utils import timezone
from evals.services import uploadstoring
told = []
def hang():
    told.append(1)
    if len(told) == 3:
        print("in the middle", flush=True)
        time.sleep(600)
    return False
uploadstoring.carry_out(sys.argv[1], now=timezone.now(), should_end=hang)
"""


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_stores_it_once(
    tmp_path, settings
):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    user = make.member()
    content = b"text,label\n" + b"".join(b"question %d,yes\n" % n for n in range(20_000))
    upload = keep_upload(
        task=make.task(make.team_of(user)),
        user=user,
        name="t.csv",
        file=ContentFile(content),
        size=len(content),
    )
    ask_to_store(upload=upload, mapping=Mapping("text", "label"), user=user, now=timezone.now())
    command = [sys.executable, "-c", STORE, str(upload.pk)]
    home = {**environment(), "VIABILITY_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, env=home, cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    assert not Sample.objects.exists()
    later = timezone.now() + LOST_AFTER + timedelta(seconds=5)
    assert ring_for_uploads(now=later) == 1
    for _ in range(2):
        carry_out(str(upload.pk), now=later, should_end=lambda: False)
    upload.refresh_from_db()
    assert upload.state == UploadState.STORED
    assert EvalSetVersion.objects.get().sample_count == 20_000
