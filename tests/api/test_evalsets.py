"""Uploading an eval set by script: a version, or every row that stands against it."""

import pytest
from django.test import override_settings

from evals.models import AuditEntry, EvalSetVersion
from tests import make
from tests.api.conftest import file

GOOD = b"text,category,channel\nhello,billing,phone\nbye,refunds,mail\n"
BAD = b"text,category,channel\nhello,billing,phone\nbye,,mail\n"
COLUMNS = {"input": "text", "target": "category", "slices": ["channel"]}


@pytest.fixture
def path(team) -> str:
    return f"tasks/{make.task(team).pk}/eval-set"


def test_a_file_becomes_a_version(editor_script, editor, path):
    told = editor_script.send(path, file=file("tickets.csv", GOOD), **COLUMNS)
    assert told.status_code == 201, told.content
    version = EvalSetVersion.objects.get()
    assert (told.json()["id"], told.json()["samples"]) == (version.pk, 2)
    assert told.json()["mapping"] == {**COLUMNS, "cluster": None}
    assert version.created_by == editor
    assert AuditEntry.objects.filter(action="eval set version stored", user=editor).exists()


def test_the_same_rows_again_are_the_same_version(editor_script, path):
    told = [editor_script.send(path, file=file("a.csv", GOOD), **COLUMNS).json() for _ in "ab"]
    assert told[0]["id"] == told[1]["id"]


def test_rows_that_cannot_be_used_are_told_and_nothing_is_stored(editor_script, path):
    told = editor_script.send(path, file=file("tickets.csv", BAD), **COLUMNS)
    assert told.status_code == 422
    (problem,) = told.json()["problems"]
    assert (problem["file"], problem["line"], problem["row"]) == ("tickets.csv", 3, 1)
    assert "category" in problem["where"]
    assert not EvalSetVersion.objects.exists()


def test_valid_rows_alone_are_stored_where_that_is_asked_for(editor_script, path):
    told = editor_script.send(path, file=file("t.csv", BAD), accept_valid="true", **COLUMNS)
    assert (told.json()["samples"], told.json()["rejected"]) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"file": file("t.docx", GOOD), **COLUMNS}, "ends in .docx"),
        ({"file": file("t.csv", GOOD), **COLUMNS, "input": "txt"}, "did you mean 'text'"),
        ({"file": file("t.csv", GOOD), "input": "text"}, "required"),
        (COLUMNS, "required"),
    ],
)
def test_what_cannot_be_read_is_said(editor_script, path, fields, words):
    told = editor_script.send(path, **fields)
    assert told.status_code == 422
    assert words in told.json()["problems"][0]["message"]
    assert not EvalSetVersion.objects.exists()


def test_a_file_over_the_limit_is_too_large(editor_script, path):
    with override_settings(UPLOAD_LIMIT_BYTES=20):
        told = editor_script.send(path, file=file("t.csv", GOOD), **COLUMNS)
    assert (told.status_code, "the limit" in told.json()["detail"]) == (413, True)
