"""The audit log: its order, its filters, its pages and its file."""

import csv
import io
from typing import Any

import pytest

from evals.models import AuditEntry
from evals.queries.auditlog import NOBODY, PAGE
from tests import make


@pytest.fixture
def lines(team, editor) -> None:
    for number in range(3):
        add(team, user=editor, action="task created", subject=f"Task {number}", size=number)
    add(team, user=None, action="prices synced", subject="prices 7")
    add(team, user=None, action="member removed", subject="=cmd()", by="gone@example.com")
    add(make.team(), user=None, action="task created", subject="Theirs")


def add(team: Any, *, user: Any, action: str, subject: str, **details: Any) -> None:
    AuditEntry.objects.create(team=team, user=user, action=action, subject=subject, details=details)


def shown(client: Any, **query: str) -> list[str]:
    response = client.get("/team/audit.csv", query)
    content = b"".join(response.streaming_content).decode()
    return [row["subject"] for row in csv.DictReader(io.StringIO(content))]


def test_the_newest_change_comes_first_and_other_teams_are_not_there(viewer_client, lines):
    assert shown(viewer_client) == ["'=cmd()", "prices 7", "Task 2", "Task 1", "Task 0"]
    text = viewer_client.get("/team/audit/").content.decode()
    assert text.index("prices 7") < text.index("Task 0")
    assert "size: 2" in text
    assert "Theirs" not in text


def test_the_log_is_filtered_by_person_action_and_subject(viewer_client, lines, editor):
    assert shown(viewer_client, person=editor.email, subject="task 1") == ["Task 1"]
    assert shown(viewer_client, person="gone@example.com") == ["'=cmd()"]
    assert shown(viewer_client, person=NOBODY) == ["prices 7"]
    assert shown(viewer_client, action="member removed") == ["'=cmd()"]
    assert shown(viewer_client, action="nothing such") == []
    page = viewer_client.get("/team/audit/", {"action": "prices synced"}).content.decode()
    assert "Task 0" not in page
    assert "/team/audit.csv?action=prices+synced" in page


def test_no_cell_of_the_file_is_a_formula(viewer_client, team):
    for sign in "=+-@":
        add(team, user=None, action="task created", subject=f"{sign}1+1")
    assert shown(viewer_client) == ["'@1+1", "'-1+1", "'+1+1", "'=1+1"]


def test_pages_follow_each_other_whatever_is_added_meanwhile(viewer_client, team):
    for number in range(PAGE + 2):
        add(team, user=None, action="counted", subject=f"<{number}>")
    first = viewer_client.get("/team/audit/", {"action": "counted"}).content.decode()
    assert "&lt;2&gt;" in first
    assert "&lt;1&gt;" not in first
    add(team, user=None, action="counted", subject="late")
    before = first.partition("before=")[2].partition('"')[0]
    second = viewer_client.get(
        "/team/audit/", {"action": "counted", "before": before}
    ).content.decode()
    assert "&lt;1&gt;" in second
    assert "&lt;2&gt;" not in second
    assert "late" not in second


@pytest.mark.parametrize("query", ["before=x", "before=" + "9" * 5000, "person=%00", "subject=%25"])
def test_odd_addresses_are_harmless(viewer_client, lines, query):
    assert viewer_client.get(f"/team/audit/?{query}").status_code == 200
    assert viewer_client.get(f"/team/audit.csv?{query}").status_code == 200


@pytest.mark.parametrize("address", ["/team/", "/team/tokens/", "/team/audit/", "/team/data/"])
def test_who_is_not_signed_in_is_asked_to(client, db, address):
    assert client.get(address)["Location"].startswith("/sign-in/")
