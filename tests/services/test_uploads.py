"""Large files stored by workers: once, seen while it goes on, and never in silence."""

import io
import threading
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.models import AuditEntry, EvalSetVersion, Sample, Upload
from evals.models.uploads import UploadState
from evals.services import rowintake, uploadleases, uploads
from evals.services.evalsets import keep_upload
from evals.services.uploadleases import LOST_AFTER, claim, held
from evals.services.uploads import (
    MOST_ATTEMPTS,
    RING_AGAIN,
    ask_to_store,
    ring_for_uploads,
    throw_away,
    try_again,
)
from evals.services.uploadstoring import carry_out
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = b"text,label\n" + b"".join(b"question %d,yes\n" % n for n in range(3000))
BAD = b"text,label\nhello,yes\nbye,\nragged\nmore,no\n"
MAPPING = Mapping("text", "label")


@pytest.fixture(autouse=True)
def _kept_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def asked(content: bytes = GOOD, *, accept: bool = False) -> Upload:
    user = make.member()
    upload = keep_upload(
        task=make.task(make.team_of(user)),
        user=user,
        name="t.csv",
        file=ContentFile(content),
        size=len(content),
    )
    ask_to_store(upload=upload, mapping=MAPPING, user=user, accept_valid=accept, now=timezone.now())
    upload.refresh_from_db()
    return upload


def go(upload: Upload, *, ending: bool = False) -> Upload:
    carry_out(str(upload.pk), now=timezone.now(), should_end=lambda: ending)
    upload.refresh_from_db()
    return upload


def test_a_large_file_becomes_a_version_and_the_file_goes(tmp_path):
    upload = go(asked())
    assert upload.state == UploadState.STORED
    assert upload.version is not None
    assert upload.version.sample_count == 3000
    assert upload.version.created_by == upload.asked_by
    assert (upload.version.check_row.figures or {})["rows"] == 3000
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    entry = AuditEntry.objects.get(action="eval set version stored")
    assert entry.user == upload.asked_by


def test_a_second_delivery_stores_nothing_anew():
    upload = go(go(asked()))
    assert upload.attempts == 1
    assert EvalSetVersion.objects.count() == 1


def test_two_workers_at_once_store_one_version():
    upload = asked()

    def work() -> None:
        carry_out(str(upload.pk), now=timezone.now(), should_end=lambda: False)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    upload.refresh_from_db()
    assert upload.state == UploadState.STORED
    assert EvalSetVersion.objects.count() == 1


def test_bad_rows_are_kept_as_the_reason_and_nothing_is_stored():
    upload = go(asked(BAD))
    assert upload.state == UploadState.REFUSED
    assert (upload.refusal["accepted"], upload.refusal["rejected"]) == (2, 2)
    assert upload.refusal["problems"][0]["line"] == 3
    assert not Sample.objects.exists()
    assert upload.file


def test_one_may_go_on_with_the_valid_rows():
    upload = go(asked(BAD, accept=True))
    assert upload.version is not None
    assert (upload.version.sample_count, upload.version.rejected_count) == (2, 2)


def test_a_file_that_breaks_off_is_refused_as_a_whole():
    upload = go(asked(b'text,label\na,b\n"never closed,c\n'))
    assert upload.state == UploadState.REFUSED
    assert "never closed" in upload.refusal["problems"][0]["message"]
    assert "rejected" not in upload.refusal


def test_a_worker_without_the_folder_says_so_and_one_may_try_again():
    upload = asked()
    upload.file.storage.delete(str(upload.file.name))
    go(upload)
    assert upload.state == UploadState.FAILED
    assert "folder of uploads" in upload.refusal["problems"][0]["message"]
    upload.file.storage.save(upload.file.name, ContentFile(GOOD))
    try_again(upload=upload, now=timezone.now())
    assert go(upload).state == UploadState.STORED


def test_a_worker_that_has_to_end_gives_it_back_at_once():
    upload = go(asked(), ending=True)
    assert (upload.state, upload.holder, upload.rung_at) == (UploadState.STORING, "", None)
    assert not Sample.objects.exists()
    assert ring_for_uploads(now=timezone.now()) == 1
    assert go(upload).state == UploadState.STORED


def test_workers_that_end_in_order_use_up_no_attempts_and_claim_no_result(caplog):
    caplog.set_level("INFO")
    upload = asked()
    for _ in range(MOST_ATTEMPTS + 1):
        go(upload, ending=True)
        assert ring_for_uploads(now=timezone.now()) == 1
    upload.refresh_from_db()
    assert (upload.state, upload.attempts) == (UploadState.STORING, 0)
    assert "upload given back" in caplog.text
    assert "stored or refused" not in caplog.text
    assert go(upload).state == UploadState.STORED
    assert "stored or refused" in caplog.text


def test_a_worker_that_is_gone_is_followed_by_another():
    upload, now = asked(), timezone.now()
    assert claim(str(upload.pk), state=UploadState.STORING, now=now) is not None
    assert claim(str(upload.pk), state=UploadState.STORING, now=now) is None
    assert ring_for_uploads(now=now + LOST_AFTER / 2) == 0
    later = now + LOST_AFTER + timedelta(seconds=1)
    assert ring_for_uploads(now=later) == 1
    assert ring_for_uploads(now=later) == 0
    carry_out(str(upload.pk), now=later, should_end=lambda: False)
    upload.refresh_from_db()
    assert upload.state == UploadState.STORED


def test_what_ends_no_worker_is_given_up_with_a_reason():
    upload, now = asked(), timezone.now()
    for _ in range(MOST_ATTEMPTS):
        claim(str(upload.pk), state=UploadState.STORING, now=now)
        now += LOST_AFTER + timedelta(seconds=1)
    assert ring_for_uploads(now=now + RING_AGAIN) == 0
    upload.refresh_from_db()
    assert upload.state == UploadState.FAILED
    assert "none came to an end" in upload.refusal["problems"][0]["message"]


def test_a_file_that_is_thrown_away_while_it_is_stored_leaves_nothing(tmp_path):
    upload = asked()
    taken = claim(str(upload.pk), state=UploadState.STORING, now=timezone.now())
    assert taken is not None
    with held(taken, should_end=lambda: False) as lease:
        throw_away(upload=upload)
        lease.settle(state=UploadState.STORED)
    assert not Upload.objects.exists()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_how_far_it_is_can_be_seen_by_others_while_it_goes_on(monkeypatch):
    monkeypatch.setattr(uploadleases, "BEAT_SECONDS", 0.01)
    upload = asked()
    taken = claim(str(upload.pk), state=UploadState.STORING, now=timezone.now())
    assert taken is not None
    ended = threading.Event()
    with held(taken, should_end=lambda: False) as lease:
        lease.tell(1234, 5678)
        while Upload.objects.get(pk=upload.pk).rows_done != 1234:
            assert not ended.wait(0.01)
    assert Upload.objects.get(pk=upload.pk).bytes_done == 5678


def test_an_upload_that_nobody_heard_of_is_rung_for_again():
    asked()
    now = timezone.now()
    assert ring_for_uploads(now=now) == 0
    assert ring_for_uploads(now=now + RING_AGAIN + timedelta(seconds=1)) == 1


def packed(rows: int) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": ["q"] * rows, "label": ["y"] * rows}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "few", "many"),
    [
        ("t.csv", b"text,label\n" + b"q,y\n" * 99, b"text,label\n" + b"q,y\n" * 101),
        ("t.csv", b"text,label\r" + b"q,y\r" * 99, b"text,label\r" + b"q,y\r" * 101),
        ("t.json", b"[" + b'{"a":1},' * 99 + b"{}]", b"[" + b'{"a":1},' * 101 + b"{}]"),
        ("t.parquet", packed(100), packed(101)),
    ],
)
def test_many_rows_are_work_for_a_worker_however_few_bytes_they_take(name, few, many, monkeypatch):
    monkeypatch.setattr(uploads, "AT_ONCE_ROWS", 100)
    user = make.member()
    task = make.task(make.team_of(user))
    for content, expected in ((few, False), (many, True)):
        file = ContentFile(content)
        kept = keep_upload(task=task, user=user, name=name, file=file, size=len(content))
        assert uploads.is_large(kept) is expected


@pytest.mark.parametrize(("most", "state"), [(3000, "stored"), (2999, "refused")])
def test_a_version_has_a_limit_of_rows(most, state, monkeypatch):
    monkeypatch.setattr(rowintake, "MOST_ROWS", most)
    upload = go(asked())
    assert upload.state == state
    assert Sample.objects.count() == (3000 if state == "stored" else 0)
    if state == "refused":
        message = upload.refusal["problems"][0]["message"]
        assert message == "found more than 2,999 rows, expected at most 2,999 rows in a version"
