"""Files and rows that belong together: what a deletion, a refusal or a killed worker leaves."""

import os
import threading
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.models import Sample, Task, Upload
from evals.models.uploads import UploadState
from evals.services.evalsets import keep_upload
from evals.services.taskdeletion import TaskDeletionError, delete_task
from evals.services.uploads import ask_to_store, throw_away
from evals.services.uploadstoring import carry_out
from evals.services.uploadsweeps import UPLOADS_KEPT, forget_uploads
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = b"text,label\n" + b"".join(b"question %d,yes\n" % n for n in range(5000))


@pytest.fixture(autouse=True)
def _kept_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def kept(content: bytes = GOOD) -> Upload:
    user = make.member()
    task = make.task(make.team_of(user))
    return keep_upload(
        task=task, user=user, name="t.csv", file=ContentFile(content), size=len(content)
    )


def asked(content: bytes = GOOD) -> Upload:
    upload = kept(content)
    ask_to_store(
        upload=upload,
        mapping=Mapping("text", "label"),
        user=upload.created_by,
        now=timezone.now(),
    )
    return upload


def task_of(upload: Upload) -> Task:
    assert upload.task is not None
    return upload.task


class Working:
    """A worker that waits in the middle of storing."""

    def __init__(self, upload: Upload) -> None:
        self.upload, self.problems = upload, list[BaseException]()
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        assert self.inside.wait(20)

    def _work(self) -> None:
        try:
            carry_out(str(self.upload.pk), now=timezone.now(), should_end=self._wait)
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.problems.append(error)
        finally:
            self.inside.set()
            connection.close()

    def _wait(self) -> bool:
        self.inside.set()
        self.go_on.wait(60)
        return False

    def end(self) -> None:
        self.go_on.set()
        self.thread.join(60)


def test_a_task_is_not_deleted_while_a_file_of_it_is_stored():
    upload = asked()
    worker = Working(upload)
    with pytest.raises(
        TaskDeletionError, match=r"t\.csv is being stored: wait for its end or throw"
    ):
        delete_task(task=task_of(upload), user=upload.created_by)
    worker.end()
    assert not worker.problems
    assert Upload.objects.get().state == UploadState.STORED
    assert Sample.objects.count() == 5000


def test_a_task_is_not_deleted_while_a_set_of_it_is_fetched():
    upload = kept()
    Upload.objects.update(state=UploadState.FETCHING)
    with pytest.raises(TaskDeletionError, match=r"t\.csv is being fetched"):
        delete_task(task=task_of(upload), user=upload.created_by)
    assert Task.objects.exists()


def test_a_task_whose_file_was_thrown_away_is_deleted_once_the_worker_has_ended():
    upload = asked()
    worker = Working(upload)
    throw_away(upload=upload)
    problems: list[BaseException] = []

    def delete() -> None:
        try:
            delete_task(task=task_of(upload), user=upload.created_by)
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)
        finally:
            connection.close()

    deletion = threading.Thread(target=delete)
    deletion.start()
    deletion.join(1)
    assert deletion.is_alive()
    worker.end()
    deletion.join(60)
    assert [*problems, *worker.problems] == []
    assert not Task.objects.exists()
    assert not Sample.objects.exists()


@pytest.mark.parametrize("how", ["task", "upload"])
def test_a_deletion_that_is_taken_back_keeps_the_file(how):
    upload = kept()
    with transaction.atomic():
        if how == "task":
            delete_task(task=task_of(upload), user=upload.created_by)
        else:
            throw_away(upload=upload)
        transaction.set_rollback(True)
    with Upload.objects.get().file.open("rb") as file:
        assert file.read() == GOOD


@pytest.mark.parametrize("how", ["task", "upload"])
def test_a_deletion_that_lasts_takes_the_file_along(how, tmp_path):
    upload = kept()
    if how == "task":
        delete_task(task=task_of(upload), user=upload.created_by)
    else:
        throw_away(upload=upload)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_worker_left_on_the_disk_is_deleted_after_a_day(tmp_path, monkeypatch):
    upload = asked()

    def killed(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FieldFile, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_out(str(upload.pk), now=timezone.now(), should_end=lambda: False)
    (tmp_path / "notes.txt").write_text("somebody else's")
    names = {"notes.txt", str(upload.pk)}
    forget_uploads(now=timezone.now() + UPLOADS_KEPT - timedelta(minutes=1))
    assert {path.name for path in tmp_path.iterdir()} == names
    forget_uploads(now=timezone.now() + UPLOADS_KEPT + timedelta(minutes=1))
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt"}
    assert not Upload.objects.exists()


def test_the_sweep_keeps_the_file_of_an_upload_that_is_there(tmp_path):
    upload = kept()
    long_ago = (timezone.now() - 2 * UPLOADS_KEPT).timestamp()
    os.utime(upload.file.path, (long_ago, long_ago))
    forget_uploads(now=timezone.now())
    assert [path.name for path in tmp_path.iterdir()] == [str(upload.pk)]


def test_a_sweep_before_the_first_upload_finds_nothing_to_do(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "not-there"
    forget_uploads(now=timezone.now())
    assert not (tmp_path / "not-there").exists()
