"""Backing a home up and restoring it, with a real PostgreSQL, through the command line."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.embedded.conftest import open_folder
from tests.embedded.served import ENVIRONMENT, copy_home, serving
from viability.home import published

TEAM = "INSERT INTO evals_team (name, slug, created_at) VALUES (%s, %s, now())"
SESSION = "INSERT INTO django_session VALUES ('a-bearer-key', 'x', now())"


def viability(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "viability.cli", *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def execute(home: Path, *statements: tuple[str, list[str]]) -> None:
    with serving(home) as addresses, psycopg.connect(str(addresses.database_url)) as database:
        for statement, values in statements:
            database.execute(statement.encode(), values)


def teams(home: Path) -> list[str]:
    with serving(home) as addresses, psycopg.connect(str(addresses.database_url)) as database:
        return [name for (name,) in database.execute("SELECT name FROM evals_team ORDER BY name")]


@pytest.fixture(scope="session")
def migrated_home(made_home: Path) -> Iterator[Path]:
    """A home with all tables, to be copied."""
    with open_folder() as folder:
        home = copy_home(made_home, folder / "home")
        told = viability("migrate", "--home", home, "--verbosity", "0")
        assert told.returncode == 0, told.stderr
        yield home


@pytest.fixture
def kept(migrated_home: Path, folder: Path) -> Path:
    """A home with a team, somebody's session and an uploaded file."""
    home = copy_home(migrated_home, folder / "kept")
    execute(home, (TEAM, ["Support", "support"]), (SESSION, []))
    (home / "uploads").mkdir(exist_ok=True)
    (home / "uploads" / "rows.csv").write_text("text,label\n")
    return home


@pytest.fixture
def backup(kept: Path, folder: Path) -> Path:
    path = folder / "kept.backup"
    told = viability("backup", path, "--home", kept)
    assert told.returncode == 0, told.stderr
    return path


def test_what_was_backed_up_is_there_in_another_home(kept, backup, folder):
    other = folder / "other"
    told = viability("restore", backup, "--home", other)
    assert told.returncode == 0, told.stderr
    assert "stored_secrets_key" in told.stderr
    assert teams(other) == ["Support"]
    assert (other / "uploads" / "rows.csv").read_text() == "text,label\n"
    # Tables, constraints and the rules that keep rows unchanged are all there: nothing to migrate.
    check = viability("migrate", "--check", "--home", other)
    assert check.returncode == 0, check.stdout
    with serving(other) as addresses, psycopg.connect(str(addresses.database_url)) as database:
        rules = database.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'never_changed'")
        assert rules.fetchone()[0] > 8  # type: ignore[index]
        assert database.execute("SELECT * FROM django_session").fetchall() == []


def test_a_backup_has_no_key_in_it_and_is_its_owners_alone(kept, backup):
    assert backup.stat().st_mode & 0o777 == 0o600
    with tarfile.open(backup) as tar:
        assert sorted(tar.getnames()) == ["database.dump", "manifest.json", "uploads/rows.csv"]
    assert (kept / "stored_secrets_key").read_bytes().strip() not in backup.read_bytes()


def test_a_running_instance_is_backed_up(kept, folder):
    with serving(kept) as addresses, published(kept, addresses):
        told = viability("backup", folder / "live.backup", "--home", kept)
        assert told.returncode == 0, told.stderr
        refused = viability("restore", folder / "live.backup", "--home", kept, "--force")
    assert refused.returncode == 4
    assert "in use by process" in refused.stderr


def test_a_home_that_holds_something_is_replaced_by_force_alone(kept, backup):
    execute(kept, (TEAM, ["Later", "later"]))
    (kept / "uploads" / "later.csv").write_text("x\n")
    refused = viability("restore", backup, "--home", kept)
    assert refused.returncode == 3
    assert "is not empty" in refused.stderr
    assert teams(kept) == ["Later", "Support"]
    forced = viability("restore", backup, "--home", kept, "--force")
    assert forced.returncode == 0, forced.stderr
    assert teams(kept) == ["Support"]
    assert os.listdir(kept / "uploads") == ["rows.csv"]  # noqa: PTH208
    assert not list(kept.glob(".viability-*"))


def test_a_damaged_backup_changes_nothing(kept, backup):
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0xFF
    backup.write_bytes(content)
    refused = viability("restore", backup, "--home", kept, "--force")
    assert refused.returncode == 3
    assert "damaged" in refused.stderr
    assert teams(kept) == ["Support"]


def test_a_file_that_is_no_backup_is_refused_in_words(folder):
    (folder / "no.backup").write_text("hello")
    refused = viability("restore", folder / "no.backup", "--home", folder / "new")
    assert refused.returncode == 3
    assert "no readable tar file" in refused.stderr
    assert viability("restore", folder / "none", "--home", folder / "new").returncode == 3
    assert viability("restore", "--home", folder / "new").returncode == 3


def test_no_backup_is_written_over_another_file_or_of_nothing(kept, backup, folder):
    before = backup.read_bytes()
    refused = viability("backup", backup, "--home", kept)
    assert (refused.returncode, backup.read_bytes()) == (3, before)
    nothing = viability("backup", folder / "b", "--home", folder / "empty")
    assert nothing.returncode == 4
    assert "no database" in nothing.stderr
    assert not (folder / "b").exists()


def test_a_configured_server_is_backed_up_and_an_occupied_one_refused(kept, folder):
    path = folder / "configured.backup"
    with serving(kept) as addresses:
        url = str(addresses.database_url)
        other = folder / "other"
        told = viability("backup", path, "--home", other, DATABASE_URL=url)
        assert told.returncode == 0, told.stderr
        refused = viability("restore", path, "--home", other, DATABASE_URL=url)
        assert refused.returncode == 3
        assert "the database is not empty" in refused.stderr


def test_a_server_that_is_away_is_named_without_its_password(folder):
    url = "postgresql://me:topsecret@127.0.0.1:1/x"
    told = viability("backup", folder / "b", "--home", folder / "home", DATABASE_URL=url)
    assert told.returncode == 4
    assert "topsecret" not in told.stderr
