"""Signing in and out, the first admin, one's password, and the teams one works for."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.models import AuditEntry, Membership, OneTimeLink, Role, User
from evals.services import teams
from evals.web import throttle
from tests import make

SIGN_IN = "/sign-in/"
NEW = "a rather longer password"


def sign_in(client: Client, user: User, password: str = make.PASSWORD, **more: str):
    return client.post(SIGN_IN, {"username": user.email, "password": password, **more})


def test_the_sign_in_page_is_there_for_everybody(db, client):
    response = client.get(SIGN_IN)
    assert response.status_code == 200
    assert b"E-mail" in response.content


def test_the_right_password_leads_to_the_page_that_was_asked_for(editor, client):
    response = sign_in(client, editor, next="/account/")
    assert response.url == "/account/"
    assert client.get("/account/").status_code == 200


def test_the_case_of_an_e_mail_does_not_matter(editor, client):
    response = client.post(
        SIGN_IN, {"username": editor.email.upper(), "password": make.PASSWORD, "next": "/account/"}
    )
    assert response.status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:x()"])
def test_next_never_leads_to_another_site(editor, client, elsewhere):
    assert sign_in(client, editor, next=elsewhere).url == reverse("evals:portfolio")


def test_a_wrong_password_is_refused(editor, client):
    response = sign_in(client, editor, "wrong")
    assert response.status_code == 422
    assert b"do not belong together" in response.content


def test_after_many_wrong_passwords_even_the_right_one_has_to_wait(editor, client):
    for _ in range(throttle.TRIES):
        sign_in(client, editor, "wrong")
    response = sign_in(client, editor)
    assert response.status_code == 422
    assert b"Too many wrong passwords" in response.content


def test_a_right_password_starts_the_count_anew(editor, client):
    for _ in range(throttle.TRIES - 1):
        sign_in(client, editor, "wrong")
    sign_in(client, editor)
    client.post("/sign-out/")
    sign_in(client, editor, "wrong")
    assert sign_in(client, editor).status_code == 302


def test_signing_out_ends_the_session(editor_client):
    assert editor_client.get("/sign-out/").status_code == 405
    assert editor_client.post("/sign-out/").url == SIGN_IN
    assert editor_client.get("/account/").url == f"{SIGN_IN}?next=/account/"


def test_the_first_admins_link_makes_them_and_signs_them_in(db, client):
    url = f"/first-admin/{teams.create_admin_link(now=timezone.now())}/"
    assert client.get(url).status_code == 200
    response = client.post(url, {"email": "ann@example.com", "password": NEW, "again": NEW})
    assert response.url == reverse("evals:portfolio")
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("ann@example.com", Role.ADMIN)
    assert client.get("/account/").status_code == 200
    assert client.get(url).status_code == 410


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": "nobody"}, "valid email"),
        ({"again": "another long password"}, "match."),
        ({"password": "short", "again": "short"}, "too short"),
    ],
)
def test_a_bad_first_admin_is_refused_and_the_link_stays_open(db, client, fields, message):
    url = f"/first-admin/{teams.create_admin_link(now=timezone.now())}/"
    response = client.post(
        url, {"email": "ann@example.com", "password": NEW, "again": NEW, **fields}
    )
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not User.objects.exists()
    assert client.get(url).status_code == 200


def test_an_expired_link_says_so(db, client):
    token = teams.create_admin_link(now=timezone.now() - timedelta(days=2))
    response = client.get(f"/first-admin/{token}/")
    assert response.status_code == 410
    assert b"cannot be used any more" in response.content
    assert OneTimeLink.objects.count() == 1


def test_a_password_is_changed_and_the_session_stays(editor, editor_client):
    fields = {"current": make.PASSWORD, "password": NEW, "again": NEW}
    assert editor_client.post("/account/", fields).url == "/account/"
    assert b"has been changed" in editor_client.get("/account/").content
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert AuditEntry.objects.filter(action="password changed", user=editor).exists()


def test_a_wrong_current_password_changes_nothing(editor, editor_client):
    fields = {"current": "not it", "password": NEW, "again": NEW}
    response = editor_client.post("/account/", fields)
    assert response.status_code == 422
    assert b"not your password" in response.content
    editor.refresh_from_db()
    assert editor.check_password(make.PASSWORD)


def test_a_member_of_two_teams_switches_between_them(editor, editor_client):
    other = make.team("Payments")
    Membership.objects.create(team=other, user=editor, role=Role.VIEWER)
    assert editor_client.post("/team/switch/", {"team": other.pk}).status_code == 302
    assert b"Viewer of Payments" in editor_client.get("/account/").content


@pytest.mark.parametrize("wanted", ["", "x", "0", "²", "9" * 19, "9" * 5000])
def test_nobody_switches_to_a_team_that_is_not_theirs(editor_client, wanted):
    theirs = make.team("Theirs").pk
    assert editor_client.post("/team/switch/", {"team": wanted}).status_code == 404
    assert editor_client.post("/team/switch/", {"team": theirs}).status_code == 404


@pytest.mark.parametrize(
    ("referer", "after"),
    [
        ("http://testserver/team/tokens/?from=2#main", "/team/tokens/%3Ffrom%3D2"),
        ("https://evil.example/team/", "/"),
        ("", "/"),
    ],
)
def test_a_button_after_the_session_ended_leads_back_to_its_page(db, client, referer, after):
    response = client.post("/team/tokens/1/revoke/", HTTP_REFERER=referer)
    assert response.url == f"{SIGN_IN}?next={after}"


def test_an_address_that_is_only_written_to_has_a_page_that_says_so(editor_client):
    response = editor_client.get("/team/tokens/1/revoke/", HTTP_ACCEPT="text/html,*/*;q=0.8")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert b"There is no page at this address" in response.content
    assert editor_client.get("/sign-out/", HTTP_ACCEPT="application/json").content == b""


def test_a_user_of_no_team_sees_what_to_do(db, client):
    client.force_login(User.objects.create_user("lost@example.com", NEW))
    response = client.get("/account/")
    assert response.status_code == 200
    assert b"You are in no team yet" in response.content


def test_what_is_not_there_is_said_plainly(db, client):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert b"There is no such page" in response.content


def test_a_form_without_its_token_is_refused_plainly(db):
    response = Client(enforce_csrf_checks=True).post(SIGN_IN, {})
    assert response.status_code == 403
    assert b"This page has expired" in response.content


def test_the_sign_in_page_says_how_a_forgotten_password_is_replaced(db, client):
    assert b"viability changepassword" in client.get(SIGN_IN).content
