"""The team's pages: members, invitations, links for a new password, and what is refused."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from evals.models import ApiToken, AuditEntry, Membership, OneTimeLink, Role, User
from evals.services.tokens import TokenWish, make_token, token_holder
from evals.web import throttle
from tests import make
from tests.conftest import signed_in

NEW = "a rather longer password"
PASSWORDS = {"password": NEW, "again": NEW}


@pytest.fixture(autouse=True)
def _nobody_has_tried_links() -> None:
    cache.clear()


@pytest.fixture
def admin(team) -> User:
    return make.member(team, role=Role.ADMIN, email="ann@example.com")


@pytest.fixture
def admin_client(admin) -> Client:
    return signed_in(admin)


@pytest.fixture
def others(editor) -> Membership:
    return Membership.objects.get(user=editor)


def path_in(response: Any, name: str) -> str:
    """Return the path of the link that a page shows once."""
    assert response.status_code == 200
    (path,) = set(re.findall(rf"/{name}/[\w-]+/", response.content.decode()))
    return str(path)


def invited(client: Client, email: str = "bob@example.com", role: str = "viewer") -> str:
    fields = {"email": email, "role": role}
    return path_in(client.post("/team/invitations/new/", fields), "join")


def reset_link(client: Client, member: Membership) -> str:
    return path_in(client.post(f"/team/members/{member.pk}/password/"), "password-reset")


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Yield what goes to the log meanwhile, as the settings write it."""
    (handler,) = (h for h in logging.getLogger().handlers if h.name == "stderr")
    assert isinstance(handler, logging.StreamHandler)
    log = io.StringIO()
    before = handler.setStream(log)
    try:
        yield log
    finally:
        handler.setStream(before)


def expire_links() -> None:
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_everybody_in_the_team_sees_its_members(viewer_client, others):
    text = viewer_client.get("/team/").content.decode()
    assert others.user.email in text
    assert "Invite" not in text
    assert "<form" not in text.partition("<main")[2].partition("</main>")[0]


def test_a_stranger_sees_other_people(stranger_client, others):
    assert others.user.email not in stranger_client.get("/team/").content.decode()


def test_an_admin_gives_another_role(admin_client, admin, others):
    address = f"/team/members/{others.pk}/role/"
    page = admin_client.post(address, {"role": "viewer"}, follow=True)
    assert "is now viewer" in page.content.decode()
    others.refresh_from_db()
    assert others.role == Role.VIEWER
    line = AuditEntry.objects.get(action="role changed")
    assert (line.user, line.subject) == (admin, others.user.email)
    assert line.details == {"before": "editor", "role": "viewer", "revoked_tokens": 0}


def test_who_is_demoted_loses_the_tokens_and_links_above_the_new_role(admin_client, team):
    second = make.member(team, role=Role.ADMIN)
    membership = Membership.objects.select_related("team", "user").get(user=second)
    tokens = [
        make_token(
            membership=membership,
            wish=TokenWish(name=role, role=role, expires_at=None),
            now=timezone.now(),
        )[1]
        for role in Role
    ]
    path = invited(signed_in(second))
    admin_client.post(f"/team/members/{membership.pk}/role/", {"role": "editor"})
    holders = [token_holder(token=token, now=timezone.now()) for token in tokens]
    assert [h.role if h else None for h in holders] == [None, "editor", "viewer"]
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("path", ["role", "remove"])
def test_a_team_never_loses_its_last_admin(admin_client, admin, path):
    own = Membership.objects.get(user=admin)
    page = admin_client.post(f"/team/members/{own.pk}/{path}/", {"role": "viewer"}, follow=True)
    assert "is the only admin" in page.content.decode()
    own.refresh_from_db()
    assert own.role == Role.ADMIN


def test_removing_asks_first(admin_client, others):
    page = admin_client.get(f"/team/members/{others.pk}/remove/")
    assert "account is deleted" in page.content.decode()
    assert Membership.objects.filter(pk=others.pk).exists()


def test_who_is_removed_goes_with_account_tokens_and_links_but_not_from_the_log(
    admin_client, editor, editor_client, others, team
):
    editor_client.post("/tasks/new/", {"name": "Triage"})
    AuditEntry.objects.create(team=team, user=editor, action="task created", subject="Triage")
    wish = TokenWish(name="CI", role=Role.EDITOR, expires_at=None)
    _, token = make_token(membership=others, wish=wish, now=timezone.now())
    reset = reset_link(admin_client, others)
    page = admin_client.post(f"/team/members/{others.pk}/remove/", follow=True)
    assert "so is the account" in page.content.decode()
    assert not User.objects.filter(email=editor.email).exists()
    assert token_holder(token=token, now=timezone.now()) is None
    assert Client().get(reset).status_code == 410
    assert editor_client.get("/team/").status_code == 302
    log = admin_client.get("/team/audit/", {"person": editor.email}).content.decode()
    assert "Triage" in log
    assert AuditEntry.objects.filter(action="token revoked", subject="CI").exists()


def test_an_account_that_works_for_another_team_stays(admin_client, editor, others):
    Membership.objects.create(team=make.team(), user=editor, role=Role.VIEWER)
    admin_client.post(f"/team/members/{others.pk}/remove/")
    assert User.objects.filter(pk=editor.pk).exists()
    assert not Membership.objects.filter(pk=others.pk).exists()


def test_an_invitation_makes_an_account_and_works_once(admin_client, team):
    path = invited(admin_client)
    browser = Client()
    assert "bob@example.com" in browser.get(path).content.decode()
    assert browser.post(path, PASSWORDS)["Location"] == "/"
    membership = Membership.objects.get(team=team, user__email="bob@example.com")
    assert membership.role == Role.VIEWER
    assert browser.get("/team/").status_code == 200
    assert Client().get(path).status_code == 410
    assert AuditEntry.objects.filter(action="member joined", user=membership.user).exists()


def test_an_invitation_adds_somebody_who_is_signed_in(admin_client, team):
    somebody = make.member(email="eve@example.com")
    path, browser = invited(admin_client, role="editor"), signed_in(somebody)
    assert "eve@example.com" in browser.get(path).content.decode()
    assert not Membership.objects.filter(team=team, user=somebody).exists()
    page = browser.post(path, follow=True)
    assert f"Welcome to {team}" in page.content.decode()
    assert Membership.objects.get(team=team, user=somebody).role == Role.EDITOR


def test_whoever_is_in_the_team_does_not_use_an_invitation_up(admin_client, editor_client):
    path = invited(admin_client)
    assert b"in this team already" in editor_client.post(path, follow=True).content
    assert Client().get(path).status_code == 200


def test_nobody_in_the_team_is_invited_again(admin_client, editor):
    fields = {"email": editor.email.upper(), "role": "admin"}
    response = admin_client.post("/team/invitations/new/", fields)
    assert response.status_code == 422
    assert b"in the team already" in response.content


def test_a_second_invitation_ends_the_first(admin_client):
    first, second = invited(admin_client), invited(admin_client)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200


def test_a_revoked_invitation_leads_nowhere(admin_client):
    path = invited(admin_client)
    link = OneTimeLink.objects.get()
    assert b"bob@example.com" in admin_client.get("/team/").content
    admin_client.post(f"/team/invitations/{link.pk}/revoke/")
    assert b"bob@example.com" not in admin_client.get("/team/").content
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("fields", [{}, {"password": "short", "again": "short"}])
def test_a_bad_password_leaves_the_link_open(admin_client, fields):
    path = invited(admin_client)
    assert Client().post(path, fields).status_code == 422
    assert Client().get(path).status_code == 200


def test_no_dead_link_says_whether_an_account_exists(admin_client, others):
    paths = [invited(admin_client), reset_link(admin_client, others), "/join/never-was/"]
    expire_links()
    pages = [Client().get(path) for path in paths]
    assert {page.status_code for page in pages} == {410}
    assert len({page.content.partition(b"<main")[2] for page in pages}) == 1


def test_an_open_invitation_to_an_existing_account_does_not_take_it_over(admin_client, db):
    other = make.member(email="bob@example.com")
    path = invited(admin_client)
    response = Client().post(path, PASSWORDS)
    assert response.status_code == 422
    other.refresh_from_db()
    assert other.check_password(make.PASSWORD)
    assert Client().get(path).status_code == 200


def test_a_link_sets_a_new_password_once_and_ends_old_sessions(
    admin_client, editor, editor_client, others
):
    path, browser = reset_link(admin_client, others), Client()
    assert editor.email in browser.get(path).content.decode()
    assert browser.post(path, PASSWORDS)["Location"] == "/"
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert editor_client.get("/team/").status_code == 302
    assert browser.get("/team/").status_code == 200
    assert Client().get(path).status_code == 410
    assert AuditEntry.objects.filter(action="password set by link").exists()


def test_an_admin_sets_no_password_that_opens_another_team(admin_client, editor, others):
    path = reset_link(admin_client, others)
    Membership.objects.create(team=make.team(), user=editor, role=Role.ADMIN)
    page = admin_client.post(f"/team/members/{others.pk}/password/", follow=True)
    assert "also works for a team" in page.content.decode()
    assert Client().post(path, PASSWORDS).status_code == 422
    editor.refresh_from_db()
    assert editor.check_password(make.PASSWORD)


def test_after_many_dead_links_even_an_open_one_has_to_wait(admin_client):
    path, browser = invited(admin_client), Client()
    for number in range(throttle.TRIES):
        browser.get(f"/join/guess-{number}/")
    response = browser.get(path)
    assert response.status_code == 429
    assert b"Too many links" in response.content


def test_links_are_stored_and_logged_as_no_more_than_hashes(admin_client, others):
    paths = [invited(admin_client), reset_link(admin_client, others)]
    with logged() as log:
        for path in paths:
            Client().post(path, {})  # a bad form is logged with its address
    rows = [*OneTimeLink.objects.values(), *AuditEntry.objects.values()]
    for path in paths:
        _, name, token, _ = path.split("/")
        assert f"/{name}/…" in log.getvalue()
        assert token not in log.getvalue() + str(rows)


def test_a_link_that_was_shown_is_not_cached(admin_client, others):
    response = admin_client.post(f"/team/members/{others.pk}/password/")
    assert "no-store" in response["Cache-Control"]
    assert "no-store" in Client().get(path_in(response, "password-reset"))["Cache-Control"]


def test_a_token_is_shown_once_and_listed_by_its_prefix(editor_client):
    fields = {"name": "nightly CI", "role": "editor", "days": "90"}
    response = editor_client.post("/team/tokens/new/", fields)
    (token,) = set(re.findall(r"via_[\w-]{20,}", response.content.decode()))
    listed = editor_client.get("/team/tokens/").content.decode()
    row = ApiToken.objects.get()
    assert token not in listed
    assert row.prefix in listed
    assert token_holder(token=token, now=timezone.now()) == row


def test_a_reload_of_the_page_with_the_token_makes_no_second_one(editor_client):
    form = editor_client.get("/team/tokens/new/").content.decode()
    (mark,) = re.findall(r'name="once" value="([^"]+)"', form)
    fields = {"name": "nightly CI", "role": "viewer", "days": "90", "once": mark}
    assert b"via_" in editor_client.post("/team/tokens/new/", fields).content
    again = editor_client.post("/team/tokens/new/", fields, follow=True).content.decode()
    assert "made already, and is not shown again" in again
    assert ApiToken.objects.count() == 1


def test_a_new_token_may_do_least_where_nothing_is_chosen(admin_client):
    form = admin_client.get("/team/tokens/new/").content.decode()
    assert re.findall(r'<option value="(\w+)" selected', form) == ["viewer", "90"]


def test_an_editor_offers_no_role_above_their_own(editor_client):
    fields = {"name": "CI", "role": "admin", "days": "0"}
    assert editor_client.post("/team/tokens/new/", fields).status_code == 422
    assert not ApiToken.objects.exists()


def test_one_revokes_ones_own_token_and_an_admin_everybodys(admin, admin_client, team):
    membership = Membership.objects.select_related("team", "user").get(user=admin)
    wish = TokenWish(name="CI", role=Role.VIEWER, expires_at=None)
    row, token = make_token(membership=membership, wish=wish, now=timezone.now())
    address = f"/team/tokens/{row.pk}/revoke/"
    assert signed_in(make.member(team)).post(address).status_code == 404
    assert token_holder(token=token, now=timezone.now())
    assert b"opens nothing any more" in admin_client.post(address, follow=True).content
    assert token_holder(token=token, now=timezone.now()) is None


WRITES = (
    "/team/members/{member}/role/",
    "/team/members/{member}/remove/",
    "/team/members/{member}/password/",
    "/team/invitations/new/",
    "/team/invitations/{link}/revoke/",
    "/team/data/",
    "/tasks/{task}/delete/",
)


@pytest.fixture
def places(admin_client, others, team) -> dict[str, int]:
    """Return the ids in the addresses of what an admin does."""
    invited(admin_client)
    return {
        "member": others.pk,
        "link": OneTimeLink.objects.get().pk,
        "task": make.task(team).pk,
    }


@pytest.mark.parametrize("address", WRITES)
def test_only_an_admin_of_the_very_team_manages_it(editor_client, viewer_client, places, address):
    url = address.format(**places)
    fields = {"role": "viewer", "email": "x@example.com", "days": "1"}
    lines = AuditEntry.objects.count()
    for client in (editor_client, viewer_client):
        assert client.post(url, fields).status_code == 404
    if "{" in address:
        stranger = signed_in(make.member(make.team(), role=Role.ADMIN))
        assert stranger.post(url, fields).status_code == 404
    assert Client().post(url)["Location"].startswith("/sign-in/")
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("address", ["/team/tokens/new/", "/team/tokens/{token}/revoke/"])
def test_a_viewer_makes_and_revokes_no_token(viewer_client, stranger_client, others, address):
    wish = TokenWish(name="CI", role=Role.EDITOR, expires_at=None)
    row, token = make_token(membership=others, wish=wish, now=timezone.now())
    url = address.format(token=row.pk)
    assert viewer_client.post(url).status_code == 404
    if "{" in address:
        assert stranger_client.post(url).status_code == 404
    assert token_holder(token=token, now=timezone.now())
