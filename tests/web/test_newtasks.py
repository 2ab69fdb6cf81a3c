"""Making a task and changing its facts."""

import pytest

from evals.models import AuditEntry, Task
from tests import make

FACTS = {
    "name": "Support intent",
    "description": "Route each message.",
    "interactive": "yes",
    "monthly_volume": "200000",
    "failure_cost_usd": "0.40",
}


def test_a_new_task_leads_on_to_its_eval_set(team, editor, editor_client):
    assert editor_client.get("/tasks/new/").status_code == 200
    response = editor_client.post("/tasks/new/", FACTS)
    task = Task.objects.get(team=team)
    assert response.url == f"/tasks/{task.pk}/eval-set/"
    assert (task.name, task.is_interactive, task.monthly_volume) == ("Support intent", True, 200000)
    assert AuditEntry.objects.get(action="task created").user == editor


def test_what_is_unknown_stays_unknown(team, editor_client):
    editor_client.post("/tasks/new/", {"name": "Plain"})
    task = Task.objects.get(team=team)
    facts = (task.is_interactive, task.monthly_volume, task.failure_cost_usd, task.description)
    assert facts == (None, None, None, "")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "  "}, "required"),
        ({"name": "x" * 201}, "at most 200"),
        ({"name": "SUPPORT INTENT"}, "there is a task"),
        ({"monthly_volume": "-1"}, "greater than or equal to 0"),
        ({"monthly_volume": "many"}, "whole number"),
        ({"failure_cost_usd": "-0.1"}, "greater than or equal to 0"),
        ({"interactive": "perhaps"}, "not one of the available"),
        ({"description": "a\x00b"}, "Null characters"),
    ],
)
def test_bad_facts_are_told_and_nothing_is_stored(team, editor_client, fields, message):
    make.task(team, name="Support intent")
    response = editor_client.post("/tasks/new/", {**FACTS, "name": "Another", **fields})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Task.objects.count() == 1


def test_facts_can_be_changed(team, editor_client):
    task = make.task(team, name="Old name")
    url = f"/tasks/{task.pk}/edit/"
    assert b"Old name" in editor_client.get(url).content
    assert editor_client.post(url, {**FACTS, "name": "New name"}).url == f"/tasks/{task.pk}/"
    task.refresh_from_db()
    assert task.name == "New name"
    assert AuditEntry.objects.get(action="task changed").details["fields"]


def test_a_task_cannot_take_the_name_of_another(team, editor_client):
    make.task(team, name="Taken")
    task = make.task(team, name="Mine")
    response = editor_client.post(f"/tasks/{task.pk}/edit/", {"name": "taken"})
    assert response.status_code == 422
    task.refresh_from_db()
    assert task.name == "Mine"


def test_a_name_may_hold_anything_that_html_does_not_like(team, editor_client):
    editor_client.post("/tasks/new/", {"name": "<b>&\"' {{ x }} 日本"})
    task = Task.objects.get(team=team)
    assert "&lt;b&gt;" in editor_client.get(f"/tasks/{task.pk}/edit/").content.decode()


def test_the_days_to_switch_are_kept_and_audited(team, editor_client):
    editor_client.post("/tasks/new/", {**FACTS, "switch_days": "14"})
    task = Task.objects.get(team=team, switch_days=14)
    assert 'value="14"' in editor_client.get(f"/tasks/{task.pk}/edit/").content.decode()
    editor_client.post(f"/tasks/{task.pk}/edit/", {**FACTS, "switch_days": ""})
    assert Task.objects.get(team=team).switch_days is None
    entry = AuditEntry.objects.get(team=team, action="task changed")
    assert entry.details["fields"] == ["switch_days"]


@pytest.mark.parametrize("days", ["-1", "soon", "99999999999"])
def test_days_to_switch_that_make_no_sense_are_refused(team, editor_client, days):
    assert editor_client.post("/tasks/new/", {**FACTS, "switch_days": days}).status_code == 422
    assert not Task.objects.filter(team=team).exists()
