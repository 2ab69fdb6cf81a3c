"""Large files in the browser: stored by a worker, watched, left and found again."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from evals.models import EvalSetVersion, Upload
from evals.models.uploads import UploadState
from evals.services import uploads
from evals.services.uploadstoring import carry_out
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = b"text,label\n" + b"".join(b"question %d,yes\n" % n for n in range(100))
BAD = b"text,label\nhello,yes\nbye,\n=ragged\nmore,no\n"
MAPPING = {"input": "text", "target": "label", "slices": [], "cluster": ""}


@pytest.fixture(autouse=True)
def _large_is_soon(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(uploads, "AT_ONCE_BYTES", 10)


@pytest.fixture
def task(team):
    return make.task(team)


def sent(client, task, content: bytes = GOOD) -> str:
    file = SimpleUploadedFile("t.csv", content)
    url: str = client.post(f"/tasks/{task.pk}/eval-set/", {"file": file}).url
    return url


def work() -> Upload:
    upload = Upload.objects.get()
    carry_out(str(upload.pk), now=timezone.now(), should_end=lambda: False)
    upload.refresh_from_db()
    return upload


def test_the_page_watches_a_worker_and_ends_on_the_version(editor_client, task):
    url = sent(editor_client, task)
    assert b"a worker checks and stores it" in editor_client.get(url).content
    response = editor_client.post(url, MAPPING)
    assert response.url == f"{url}progress/"
    page = editor_client.get(response.url).content.decode()
    assert "Waiting for a worker" in page
    assert "no worker serves pool default" in page
    assert f'hx-get="{url}progress/now/"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    work()
    version = EvalSetVersion.objects.get()
    fragment = editor_client.get(f"{url}progress/now/")
    assert fragment["HX-Redirect"] == f"/versions/{version.pk}/"
    assert b"hx-get" not in fragment.content
    for address in (url, f"{url}progress/"):
        assert (
            editor_client.get(address, follow=True)
            .redirect_chain[-1][0]
            .endswith(f"/versions/{version.pk}/")
        )


def test_how_far_it_is_reads_as_rows_bytes_share_and_time(editor_client, task):
    url = sent(editor_client, task)
    editor_client.post(url, MAPPING)
    now = timezone.now()
    Upload.objects.update(
        holder="somebody", heard_at=now, started_at=now - timedelta(seconds=30),
        rows_done=250_000, bytes_done=25_000_000, size=100_000_000,
    )  # fmt: skip
    page = editor_client.get(f"{url}progress/now/").content.decode()
    assert "250,000 rows" in page
    assert "25.0 MB of 100 MB" in page
    assert "25%" in page
    assert "about 2 min" in page
    assert "no worker serves" not in page


def test_leaving_the_page_loses_nothing(editor_client, task):
    url = sent(editor_client, task)
    overview = editor_client.get(f"/tasks/{task.pk}/").content.decode()
    assert f'href="{url}"' in overview
    assert "columns to be mapped" in overview
    editor_client.post(url, MAPPING)
    overview = editor_client.get(f"/tasks/{task.pk}/").content.decode()
    assert f'href="{url}progress/"' in overview
    work()
    assert "On its way" not in editor_client.get(f"/tasks/{task.pk}/").content.decode()


def test_bad_rows_come_back_to_the_columns_with_a_download_and_a_way_on(editor_client, task):
    url = sent(editor_client, task, BAD)
    editor_client.post(url, MAPPING)
    work()
    assert editor_client.get(f"{url}progress/now/")["HX-Redirect"] == url
    page = editor_client.get(url).content.decode()
    assert "2 of 4 rows cannot be used" in page
    assert "blank, expected a value" in page
    assert "go on with the 2 valid rows" in page
    download = editor_client.get(f"{url}rejected.csv", MAPPING)
    assert b"".join(download.streaming_content).count(b"\n") == 3
    response = editor_client.post(url, {**MAPPING, "accept": "yes"})
    assert response.url == f"{url}progress/"
    assert work().version is not None
    assert EvalSetVersion.objects.get().rejected_count == 2


def test_a_failure_is_told_and_may_be_tried_again_or_thrown_away(editor_client, task):
    url = sent(editor_client, task)
    editor_client.post(url, MAPPING)
    upload = Upload.objects.get()
    upload.file.storage.delete(str(upload.file.name))
    assert work().state == UploadState.FAILED
    page = editor_client.get(f"{url}progress/").content.decode()
    assert "folder of uploads" in page
    assert "hx-get" not in page.split('id="upload-progress"')[1].split(">")[0]
    assert editor_client.post(f"{url}retry/").url == f"{url}progress/"
    assert Upload.objects.get().state == UploadState.STORING
    response = editor_client.post(f"{url}discard/", follow=True)
    assert "is thrown away" in response.content.decode()
    assert not Upload.objects.exists()


def test_a_failure_brings_its_ways_on_to_a_page_that_is_open(editor_client, task):
    url = sent(editor_client, task)
    editor_client.post(url, MAPPING)
    at_work = editor_client.get(f"{url}progress/now/").content.decode()
    assert "Try again" not in at_work
    assert "upload-actions" not in at_work
    upload = Upload.objects.get()
    upload.file.storage.delete(str(upload.file.name))
    work()
    failed = editor_client.get(f"{url}progress/now/").content.decode()
    actions = failed.split('id="upload-actions" hx-swap-oob="true"')[1]
    for words in ("Try again", "Take another one", "Throw it away", "csrfmiddlewaretoken"):
        assert words in actions
    assert "hx-swap-oob" not in editor_client.get(f"{url}progress/").content.decode()


def test_a_second_press_asks_no_second_worker(editor_client, task):
    url = sent(editor_client, task)
    for _ in range(2):
        assert editor_client.post(url, MAPPING).url == f"{url}progress/"
    assert Upload.objects.get().attempts == 0


def test_viewers_and_strangers_find_no_upload(editor_client, viewer_client, stranger_client, task):
    url = sent(editor_client, task)
    editor_client.post(url, MAPPING)
    for client in (viewer_client, stranger_client):
        for address in (url, f"{url}progress/", f"{url}progress/now/"):
            assert client.get(address).status_code == 404
        for address in (f"{url}discard/", f"{url}retry/"):
            assert client.post(address).status_code == 404
    assert "On its way" not in viewer_client.get(f"/tasks/{task.pk}/").content.decode()


def test_a_set_of_the_hub_is_asked_for_by_a_worker(editor_client, task):
    page = editor_client.get(f"/tasks/{task.pk}/eval-set/").content.decode()
    assert "no code of a set is ever run" in page
    fields = {"hub-name": "mteb/banking77", "hub-split": "test", "hub-configuration": "en"}
    response = editor_client.post(f"/tasks/{task.pk}/eval-set/hub/", fields)
    upload = Upload.objects.get()
    assert upload.source == {"name": "mteb/banking77", "configuration": "en", "split": "test"}
    page = editor_client.get(response.url).content.decode()
    assert "Hugging Face mteb/banking77, configuration en, split test" in page
    Upload.objects.update(
        state=UploadState.FAILED, refusal={"problems": [{"message": "the hub is away"}]}
    )
    assert "the hub is away" in editor_client.get(response.url).content.decode()
    overview = editor_client.get(f"/tasks/{task.pk}/").content.decode()
    assert "banking77.jsonl" in overview
    assert (
        editor_client.get(f"/tasks/{task.pk}/eval-set/{upload.pk}/", follow=True).status_code == 200
    )
    editor_client.post(f"/tasks/{task.pk}/eval-set/{upload.pk}/retry/")
    assert Upload.objects.get().state == UploadState.FETCHING


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hub-name": "../etc"}, "Expected owner/name as on the hub"),
        ({"hub-name": ""}, "required"),
        ({"hub-split": "test[:10]"}, "name of one split"),
        ({"hub-revision": "a..b"}, "a branch, a tag or a commit"),
    ],
)
def test_a_name_that_the_hub_would_not_have_is_told(editor_client, task, fields, message):
    good = {"hub-name": "mteb/banking77", "hub-split": "test"}
    response = editor_client.post(f"/tasks/{task.pk}/eval-set/hub/", {**good, **fields})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize("address", ["", "rejected.csv"])
def test_a_file_that_is_gone_from_the_disk_is_told_with_a_way_on(editor_client, task, address):
    url = sent(editor_client, task)
    upload = Upload.objects.get()
    upload.file.storage.delete(str(upload.file.name))
    response = editor_client.get(f"{url}{address}", MAPPING)
    assert response.status_code == 410
    page = response.content.decode()
    assert "The file is no longer there" in page
    assert f'href="/tasks/{task.pk}/eval-set/">Upload it again' in page
    assert f'action="{url}discard/"' in page
    assert editor_client.post(url, MAPPING).status_code == 410
    assert "is thrown away" in editor_client.post(f"{url}discard/", follow=True).content.decode()
