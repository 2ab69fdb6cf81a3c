"""What was done says so and carries the way back, and the way back works."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import Membership, OneTimeLink, Role, Run, SavedView
from evals.models.evaluations import RunState
from tests import make
from tests.conftest import signed_in

FORM = re.compile(
    r'<form method="post" action="([^"]+)">(?:(?!</form>).)*?<button class="small">Undo</button>'
)


@pytest.fixture
def admin_client(team) -> Client:
    return signed_in(make.member(team, role=Role.ADMIN))


def undo(client: Client, page: str) -> str:
    """Press the message's button and return the page that comes."""
    (found,) = FORM.finditer(page)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[0]))
    sent = {name: html.unescape(value) for name, value in fields.items()}
    return client.post(found[1], sent, follow=True).content.decode()


def done(client: Client, address: str, **fields: object) -> str:
    return client.post(address, fields, follow=True).content.decode()


def test_a_role_goes_back_to_what_it_was(team, admin_client):
    member = Membership.objects.get(user=make.member(team, role=Role.VIEWER))
    address = reverse("evals:team_member_role", args=[member.pk])
    page = done(admin_client, address, role="admin")
    assert "is now admin" in page
    assert "is now viewer" in undo(admin_client, page)
    member.refresh_from_db()
    assert member.role == Role.VIEWER


def test_a_view_that_was_saved_over_another_gives_its_place_back(team, editor_client):
    run = make.evaluation(make.task(team)).runs.get(is_incumbent=True)
    path = reverse("evals:run", args=[run.pk])
    save = reverse("evals:view_save")
    done(editor_client, save, name="Mine & yours", path=f"{path}?show=wrong")
    page = done(editor_client, save, name="Mine & yours", path=f"{path}?show=right")
    undo(editor_client, page)
    assert SavedView.objects.get().path == f"{path}?show=wrong"


def test_a_view_that_was_deleted_is_kept_again(team, editor_client):
    run = make.evaluation(make.task(team)).runs.get(is_incumbent=True)
    path = reverse("evals:run", args=[run.pk]) + "?show=wrong"
    page = done(editor_client, reverse("evals:view_save"), name="Wrong", path=path)
    view = SavedView.objects.get()
    page = undo(editor_client, page)
    assert not SavedView.objects.exists()
    undo(editor_client, page)
    assert (SavedView.objects.get().name, SavedView.objects.get().path) == ("Wrong", view.path)


def test_a_pause_is_undone_by_resuming(team, editor_client):
    evaluation = make.live_evaluation(make.task(team))
    page = done(editor_client, reverse("evals:evaluation_pause", args=[evaluation.pk]))
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.PAUSED}
    assert "Resumed" in undo(editor_client, page)
    assert RunState.PAUSED not in Run.objects.values_list("state", flat=True)


def test_a_candidate_that_was_restored_is_archived_again(team, editor_client):
    candidate = make.candidate(make.task(team))
    done(editor_client, reverse("evals:candidate_archive", args=[candidate.pk]))
    page = done(editor_client, reverse("evals:candidate_restore", args=[candidate.pk]))
    assert "This candidate is archived" in undo(editor_client, page)


def test_a_message_without_a_way_back_has_no_button(team, admin_client):
    invite = reverse("evals:team_invite")
    done(admin_client, invite, email="new@example.com", role="viewer")
    link = OneTimeLink.objects.get()
    page = done(admin_client, reverse("evals:team_invitation_revoke", args=[link.pk]))
    assert "leads nowhere any more. Invite them again to let them in." in page
    assert not FORM.search(page)
