"""Uploading an eval set: from a file to a version, or to every reason against it."""

import csv
import io
import json
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from evals.domain.evalsets import ContentHash, Mapping, read_samples
from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, open_rows
from evals.models import AuditEntry, EvalSetVersion, Sample, Upload
from evals.services import evalsets
from evals.services.uploadstoring import carry_out
from tests import make

BANKING = Path(__file__).parents[3] / "shared" / "data" / "banking77_test.csv"
CSV = b"text,category,channel\nhello,billing,phone\nbye,refunds,mail\n"
BAD = b"text,category,channel\nhello,billing,phone\nbye,,mail\nragged,row\n=1+1,refunds,mail\n"
ROWS = (
    {"text": "hello", "category": "billing", "channel": "phone"},
    {"text": "bye", "category": "refunds", "channel": "mail"},
)
MAPPING = {"input": "text", "target": "category", "slices": ["channel"], "cluster": ""}


@pytest.fixture(autouse=True)
def _kept_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def task(team):
    return make.task(team)


def send(client, task, content: bytes, name: str = "tickets.csv"):
    return client.post(f"/tasks/{task.pk}/eval-set/", {"file": SimpleUploadedFile(name, content)})


def stored(client, task, content: bytes, name: str = "tickets.csv", **fields) -> EvalSetVersion:
    url = send(client, task, content, name).url
    response = client.post(url, {**MAPPING, **fields})
    assert response.status_code == 302, response.content.decode()
    return EvalSetVersion.objects.get(pk=int(response.url.split("/")[2]))


def parquet(**columns) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_file_becomes_a_version_and_is_forgotten(
    editor, editor_client, task, tmp_path, django_capture_on_commit_callbacks
):
    assert editor_client.get(f"/tasks/{task.pk}/eval-set/").status_code == 200
    url = send(editor_client, task, CSV).url
    page = editor_client.get(url).content.decode()
    assert "hello" in page
    assert "guessed from their names" in page
    with django_capture_on_commit_callbacks(execute=True):
        response = editor_client.post(url, MAPPING)
    version = EvalSetVersion.objects.get(eval_set__task=task)
    assert response.url == f"/versions/{version.pk}/"
    assert (version.sample_count, version.mapping["target"]) == (2, "category")
    assert not Upload.objects.exists()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    page = editor_client.get(response.url).content.decode()
    assert version.sha256 in page
    assert "2 samples are stored as v1" in page
    assert AuditEntry.objects.get(action="eval set version stored").user == editor


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n")),
        ("t.tsv", CSV.replace(b",", b"\t")),
        ("t.jsonl", b"\n".join(json.dumps(row).encode() for row in ROWS)),
        ("t.json", json.dumps([dict(reversed(row.items())) for row in ROWS]).encode()),
        ("T.PARQUET", parquet(**{name: [row[name] for row in ROWS] for name in ROWS[0]})),
    ],
)  # fmt: skip
def test_the_kind_of_file_does_not_change_the_hash(editor_client, task, name, content):
    expected = stored(editor_client, make.task(task.team), CSV).sha256
    assert stored(editor_client, task, content, name).sha256 == expected


def test_the_same_content_is_not_stored_twice_and_other_content_is_the_next(editor_client, task):
    first = stored(editor_client, task, CSV)
    assert stored(editor_client, task, CSV, "other name.csv") == first
    page = editor_client.get(f"/versions/{first.pk}/").content.decode()
    assert "nothing was stored anew" in page
    second = stored(editor_client, task, CSV + b"more,billing,mail\n")
    assert (second.eval_set, second.number) == (first.eval_set, 2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "The file is empty"),
        ("t.csv", b"text,category\n", "no rows under the header"),
        ("t.xlsx", b"PK", "the file name ends in .xlsx"),
        ("t.csv", b"text;category\nh;b\n", "not semicolons"),
        ("t.csv", b"text\nhello\n", "expected at least two."),
        ("tickets", b"text,category\na,b\n", "has no ending"),
        ("t.csv", b"text,text\na,b\n", "stands 2 times"),
        ("t.csv", b"text,\na,b\n", "column 2 has no name"),
        ("t.csv", b"text,category\nh\xe9llo,b\n", "UTF-8"),
        ("t.json", b"{nonsense", "line 1"),
        ("t.jsonl", b"[1, 2]\n", "line 1"),
        ("t.parquet", b"PAR1 not really", "Parquet"),
        ("t.parquet", parquet(text=["a"], category=["b"], more=[{"x": 1}]), "the type struct"),
    ],
)
def test_an_unusable_file_is_refused_at_once_and_nothing_is_kept(
    editor_client, task, name, content, message
):
    response = send(editor_client, task, content, name)
    page = response.content.decode()
    if response.status_code == 302:  # some rows could be read: the reason comes with the mapping
        mapped = editor_client.post(response.url, {"input": "text", "target": "category"})
        assert mapped.status_code in {404, 422}
        page = mapped.content.decode()
    assert message in page
    assert not EvalSetVersion.objects.exists()
    assert not Sample.objects.exists()


def test_a_file_in_another_encoding_says_so_above_its_first_rows(editor_client, task):
    url = send(editor_client, task, b"text,category\nh\xe9llo,b\nall\xf4,b\n").url
    page = editor_client.get(url).content.decode()
    said = page.index("None of the first 2 rows of this file can be read")
    assert "line 2, column &#x27;text&#x27;: byte 0xe9 is not UTF-8" in page
    assert said < page.index("First rows")
    some = send(editor_client, task, b"text,category\nh\xe9llo,b\nhello,b\n").url
    assert "1 of the first 2 rows of this file cannot" in editor_client.get(some).content.decode()
    whole = send(editor_client, task, CSV).url
    assert 'id="unread"' not in editor_client.get(whole).content.decode()


def test_a_size_reads_the_same_wherever_it_is_said(editor_client, task):
    url = send(editor_client, task, CSV + b"long,billing,mail\n" * 333_333).url
    assert "6.0 MB" in editor_client.get(url).content.decode()
    small = editor_client.get(send(editor_client, task, CSV).url).content.decode()
    assert "0.1 kB" in small


def test_no_file_at_all_is_told(editor_client, task):
    response = editor_client.post(f"/tasks/{task.pk}/eval-set/", {})
    assert response.status_code == 422
    assert b"This field is required" in response.content


@override_settings(UPLOAD_LIMIT_BYTES=1_000_000)
def test_a_file_over_the_limit_is_refused_and_not_kept(editor_client, task, tmp_path):
    assert b"up to 1 MB" in editor_client.get(f"/tasks/{task.pk}/eval-set/").content
    response = send(editor_client, task, CSV + b"long,billing,mail\n" * 100_000)
    assert response.status_code == 422
    assert b"larger than 1 MB, the limit" in response.content
    assert not Upload.objects.exists()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_bad_rows_are_shown_with_line_column_and_reason_and_nothing_is_stored(editor_client, task):
    url = send(editor_client, task, BAD).url
    response = editor_client.post(url, MAPPING)
    page = response.content.decode()
    assert response.status_code == 422
    assert "2 of 4 rows cannot be used" in page
    assert "blank, expected a value" in page
    assert '<td class="num">3</td>' in page
    assert "go on with the 2 valid rows" in page
    assert not EvalSetVersion.objects.exists()
    assert Upload.objects.exists()


def test_one_may_go_on_with_the_valid_rows(editor_client, task):
    version = stored(editor_client, task, BAD, accept="yes")
    assert (version.sample_count, version.rejected_count) == (2, 2)
    assert [s.row for s in Sample.objects.of(version.pk).order_by("pk")] == [0, 3]
    assert "2 rows were left out" in editor_client.get(f"/versions/{version.pk}/").content.decode()


def test_what_stands_out_names_the_rows_of_the_file_also_after_some_were_left_out(
    editor_client, task
):
    content = b"text,category,channel\nz,x,mail\n,x,mail\nragged,row\na,x,mail\na,y,mail\n"
    made = stored(editor_client, task, content, accept="yes")
    page = editor_client.get(f"/versions/{made.pk}/").content.decode()
    assert f'href="/versions/{made.pk}/?from=2#samples">row 4</a>' in page
    assert '<th scope="row" class="num">4</th>' in page


def test_nobody_goes_on_with_no_rows(editor_client, task):
    url = send(editor_client, task, b"text,category,channel\na,,phone\n,b,mail\n").url
    response = editor_client.post(url, {**MAPPING, "accept": "yes"})
    assert response.status_code == 422
    assert b"go on with" not in response.content
    assert not EvalSetVersion.objects.exists()


def test_rejected_rows_can_be_downloaded_and_hold_no_formulas(editor_client, task):
    content = BAD + b'"=cmd()",,"@mail"\n'
    url = send(editor_client, task, content).url
    response = editor_client.get(f"{url}rejected.csv", MAPPING)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[0] == ["line", "row", "column", "problem", "text", "category", "channel"]
    assert rows[1][:3] == ["3", "1", "category"]
    assert rows[2][:2] == ["4", "2"]
    assert rows[3][4:] == ["'=cmd()", "", "'@mail"]
    assert editor_client.get(f"{url}rejected.csv", {"input": "nope"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": ""}, "required"),
        ({"target": "nope"}, "not one of the available"),
        ({"target": "text"}, "This is the input column"),
        ({"slices": ["nope"]}, "not one of the available"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_told(editor_client, task, fields, message):
    url = send(editor_client, task, CSV).url
    response = editor_client.post(url, {**MAPPING, **fields})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not EvalSetVersion.objects.exists()


def test_repeated_and_blank_ids_are_bad_rows(editor_client, task):
    content = b"id,text,category,channel\na,hi,b,p\na,ho,b,p\n,hu,b,p\n"
    page = editor_client.post(send(editor_client, task, content).url, MAPPING).content.decode()
    assert "stands on line 2 already" in page
    assert "2 of 3 rows cannot be used" in page


@pytest.mark.django_db(transaction=True)
def test_a_large_file_passes_by_a_worker(editor_client, task):
    row = b"a rather ordinary ticket that says little,billing,phone\n"
    url = send(editor_client, task, b"text,category,channel\n" + row * 50_000).url
    assert editor_client.post(url, MAPPING).url == f"{url}progress/"
    upload = Upload.objects.get()
    carry_out(str(upload.pk), now=timezone.now(), should_end=lambda: False)
    assert EvalSetVersion.objects.get(eval_set__task=task).sample_count == 50_000


def test_cells_are_shown_as_text(editor_client, task):
    content = b"text,category,channel\n<script>x()</script>,=1+1,phone\n"
    url = send(editor_client, task, content).url
    page = editor_client.get(url).content.decode()
    assert "<script>x()" not in page
    version = EvalSetVersion.objects.get(pk=editor_client.post(url, MAPPING).url.split("/")[2])
    assert Sample.objects.of(version.pk).get().target == "=1+1"


@pytest.mark.skipif(not BANKING.exists(), reason=f"{BANKING} is not here")
def test_the_browser_and_a_spec_give_banking77_one_hash(editor_client, task):
    version = stored(
        editor_client, task, BANKING.read_bytes(), "banking77_test.csv",
        target="category", slices=[],
    )  # fmt: skip
    mapping = Mapping("text", "category")
    content = ContentHash(mapping)
    with BANKING.open("rb") as file:
        for sample in read_samples(open_rows(file, FileKind.CSV), mapping):
            assert not isinstance(sample, Problem)
            content.add(sample)
    assert version.sample_count == 3080
    assert version.sha256 == content.hexdigest()


def test_a_second_press_stores_nothing_anew(editor, editor_client, task):
    send(editor_client, task, CSV)
    upload = Upload.objects.get()
    mapping = Mapping(input="text", target="category")
    evalsets.version_from_upload(task=task, upload=upload, mapping=mapping, user=editor)
    upload.pk = UUID(int=7)  # as the second request still has it
    with pytest.raises(InputError, match="stored a moment ago"):
        evalsets.version_from_upload(task=task, upload=upload, mapping=mapping, user=editor)
    assert EvalSetVersion.objects.count() == 1


def test_another_teams_upload_does_not_exist(stranger_client, editor_client, task):
    url = send(editor_client, task, CSV).url
    own = make.task(make.team())
    upload = Upload.objects.get()
    assert stranger_client.get(url).status_code == 404
    assert stranger_client.get(f"/tasks/{own.pk}/eval-set/{upload.pk}/").status_code == 404
    assert stranger_client.get(f"{url}rejected.csv", MAPPING).status_code == 404
