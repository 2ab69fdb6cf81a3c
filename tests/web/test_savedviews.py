"""Pages with their filters under a name, for the whole team."""

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import AuditEntry, Run, SavedView, Team
from tests import make

SAVE = "/saved-views/"


@pytest.fixture
def run(team: Team) -> Run:
    return make.evaluation(make.task(team)).runs.get(is_incumbent=False)


def path(run: Run, query: str = "?show=wrong") -> str:
    return reverse("evals:run", args=[run.pk]) + query


def test_a_view_is_kept_for_the_team(editor_client: Client, viewer_client: Client, run: Run):
    response = editor_client.post(SAVE, {"name": "Wrong ones", "path": path(run)}, follow=True)
    assert response.redirect_chain[-1][0] == path(run)
    text = viewer_client.get(path(run, "")).content.decode()
    assert f'<a href="{path(run)}">Wrong ones</a>' in text
    assert "Save view" not in text
    assert AuditEntry.objects.get(action="view saved").subject == "Wrong ones"


def test_a_comparison_is_kept_too(editor_client: Client, run: Run):
    runs = run.evaluation.runs.values_list("pk", flat=True)
    address = f"/compare/?runs={','.join(map(str, runs))}&view=grid"
    editor_client.post(SAVE, {"name": "Flips", "path": address})
    assert SavedView.objects.get().page == "compare"
    assert "Flips" in editor_client.get("/compare/").content.decode()


def test_the_same_name_is_replaced(editor_client: Client, run: Run):
    for query in ("?show=wrong", "?show=right"):
        editor_client.post(SAVE, {"name": "Mine", "path": path(run, query)})
    assert SavedView.objects.get().path == path(run, "?show=right")


def test_deleting_asks_first(editor_client: Client, run: Run):
    editor_client.post(SAVE, {"name": "Mine", "path": path(run)})
    view = SavedView.objects.get()
    address = reverse("evals:view_delete", args=[view.pk])
    assert "Delete the view" in editor_client.get(address).content.decode()
    assert SavedView.objects.exists()
    assert editor_client.post(address)["Location"] == path(run)
    assert not SavedView.objects.exists()
    assert AuditEntry.objects.filter(action="view deleted").exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/runs/1/",
        "//evil.example/runs/1/",
        "/team/",
        "javascript:alert(1)",
        "/no",
    ],
)
def test_only_pages_that_can_be_saved_are(editor_client: Client, address: str):
    response = editor_client.post(SAVE, {"name": "x", "path": address}, follow=True)
    assert "can be saved" in response.content.decode()
    assert not SavedView.objects.exists()


def test_a_view_needs_a_name(editor_client: Client, run: Run):
    response = editor_client.post(SAVE, {"name": " ", "path": path(run)}, follow=True)
    assert "needs a name" in response.content.decode()


def test_others_change_nothing(
    editor_client: Client, viewer_client: Client, stranger_client: Client, run: Run
):
    editor_client.post(SAVE, {"name": "Mine", "path": path(run)})
    address = reverse("evals:view_delete", args=[SavedView.objects.get().pk])
    assert viewer_client.post(SAVE, {"name": "y", "path": path(run)}).status_code == 404
    for client in (viewer_client, stranger_client):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    assert SavedView.objects.count() == 1
    assert "Mine" not in stranger_client.get("/compare/").content.decode()
