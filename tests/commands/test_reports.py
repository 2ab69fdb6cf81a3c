"""`evaluate --html --pdf --md`, and `viability report verify` on what they wrote."""

import pytest
from django.core.management import call_command

from tests.commands.conftest import Outcome
from viability import cli

pytestmark = pytest.mark.django_db(transaction=True)
FORMATS = ("html", "pdf", "md")


def verify(desk, path, *arguments) -> Outcome:
    status = 0
    try:
        call_command("report", "verify", str(path), *arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = desk.capsys.readouterr()
    return Outcome(status=status, out=out, err=err)


@pytest.fixture
def written(desk):
    paths = {kind: desk.folder / f"report.{kind}" for kind in FORMATS}
    options = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    assert desk.evaluate(*options).status == 0
    return paths


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_is_written_and_is_genuine(desk, written, kind):
    outcome = verify(desk, written[kind])
    assert (outcome.status, "unchanged" in outcome.out) == (0, True)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_changed_report_is_found_out(desk, written, kind):
    data = written[kind].read_bytes()
    middle = len(data) // 3
    written[kind].write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    outcome = verify(desk, written[kind])
    assert (outcome.status, "CHANGED" in outcome.out) == (3, True)


def test_a_report_of_another_instance_is_told_apart(desk, written):
    known = verify(desk, written["md"]).out.rsplit("the key ", 1)[1].strip()
    assert verify(desk, written["md"], "--key", known).status == 0
    assert verify(desk, written["md"], "--key", "0" * 64).status == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("plain.md", "# no seal\n", "found no seal"),
        ("report.docx", "", "expected one of .html, .pdf, .md, .json, .csv"),
        ("list.json", "[]", "no mapping"),
    ],
)
def test_what_is_no_sealed_report_is_bad_input(desk, name, content, said):
    desk.write(name, content)
    outcome = verify(desk, desk.folder / name)
    assert (outcome.status, said in outcome.err) == (3, True)


def test_a_missing_file_is_bad_input(desk):
    outcome = verify(desk, desk.folder / "nowhere.html")
    assert (outcome.status, "no such file" in outcome.err) == (3, True)


def test_a_folder_is_bad_input(desk):
    folder = desk.folder / "folder.md"
    folder.mkdir()
    outcome = verify(desk, folder)
    assert (outcome.status, "found a folder" in outcome.err) == (3, True)


def test_without_a_verdict_no_report_is_written(desk):
    desk.candidate["endpoint"]["base_url"] = "http://127.0.0.1:9/v1"
    path = desk.folder / "report.html"
    outcome = desk.evaluate("--html", str(path))
    assert outcome.status == 4
    assert "no report was written" in outcome.err
    assert not path.exists()


@pytest.fixture
def nowhere(desk, monkeypatch):
    """A home that nobody has made, on a machine without a database."""
    monkeypatch.setenv("VIABILITY_HOME", "set back after the test")
    monkeypatch.setenv("DATABASE_URL", "")
    return desk.folder / "home"


def checked(desk, home, path, *arguments) -> Outcome:
    status = cli.main(["report", "verify", str(path), "--home", str(home), *arguments])
    out, err = desk.capsys.readouterr()
    return Outcome(status=status, out=out, err=err)


def test_without_a_home_a_report_is_checked_and_none_is_made(desk, written, nowhere):
    outcome = checked(desk, nowhere, written["html"])
    assert outcome.status == 2
    assert "unchanged: content SHA-256" in outcome.out
    key = outcome.out.rsplit("the key ", 1)[1].partition(",")[0]
    assert outcome.out.endswith(f"{key}, which this machine does not know\n")
    assert checked(desk, nowhere, written["html"], "--key", key).status == 0
    other = checked(desk, nowhere, written["html"], "--key", "0" * 64)
    assert (other.status, "not the one given" in other.out) == (2, True)
    assert not nowhere.exists()


def test_a_home_with_a_database_starts_nothing_for_a_file_that_is_refused(desk, written, nowhere):
    data = nowhere / "postgres"  # empty: whoever opened it would fail with another status
    data.mkdir(parents=True)
    assert checked(desk, nowhere, desk.folder / "missing.html").status == 3
    written["md"].write_bytes(written["md"].read_bytes().replace(b"GO", b"NO", 1))
    outcome = checked(desk, nowhere, written["md"])
    assert (outcome.status, "CHANGED" in outcome.out) == (3, True)
    assert [*nowhere.iterdir()] == [data]


def test_a_check_without_a_file_is_bad_input(nowhere):
    assert cli.main(["report", "verify", "--home", str(nowhere)]) == 3
    assert not nowhere.exists()
