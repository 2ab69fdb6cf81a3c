"""Every address of the API: who gets in, what a stranger finds, what its document says of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evals.api.urls import api
from evals.models import ApiToken, Endpoint, Evaluation, Membership, Role, Secret, User
from evals.services.secrets import store_secret
from tests import make
from tests.api.conftest import Script, file, fill, script, token

FRAME = 1  # finding the token
DOCUMENT = api.get_openapi_schema(path_prefix="")
OPERATIONS = sorted(
    (method, path.lstrip("/")) for path, told in DOCUMENT["paths"].items() for method in told
)
READING = [path for method, path in OPERATIONS if method == "get"]
WRITING = [path for method, path in OPERATIONS if method == "post"]
NUMBERED = [(method, path) for method, path in OPERATIONS if "_id}" in path]


def call(who: Script, method: str, path: str) -> Any:
    if method == "get":
        return who.get(path)
    if path.endswith("/eval-set"):
        return who.send(path, input="text", target="queue", file=make_file())
    bodies = {"tasks": {"candidates": ["open-model"]}, "evaluations": {"states": ["infra_error"]}}
    return who.post(path, bodies[path.partition("/")[0]])


def make_file() -> Any:
    return file("rows.csv", b"text,queue\na,b\n")


def test_the_document_names_every_address_that_there_is():
    assert {"evaluations", "tasks/{task_id}", "reports/{report_id}/file.{suffix}"} <= set(READING)
    assert {"evaluations", "tasks/{task_id}/eval-set"} <= set(WRITING)
    assert len(NUMBERED) > 15


@pytest.mark.parametrize("path", READING)
def test_a_viewers_token_reads_everything(viewer_script, places, path):
    response = viewer_script.get(path.format(**places))
    assert response.status_code == 200, response.content


@pytest.mark.parametrize(("method", "path"), NUMBERED)
def test_what_another_team_owns_does_not_exist(stranger_script, places, method, path):
    response = call(stranger_script, method, path.format(**places))
    assert response.status_code == 404
    assert response.json()["detail"].startswith("found no ")


@pytest.mark.parametrize(("method", "path"), NUMBERED)
def test_a_number_beyond_every_table_does_not_exist(editor_script, places, method, path):
    beyond = {name: 10**19 if name.endswith("_id") else place for name, place in places.items()}
    assert call(editor_script, method, path.format(**beyond)).status_code == 404


@pytest.mark.parametrize("path", WRITING)
def test_a_viewers_token_writes_nothing(viewer_script, places, path):
    before = Evaluation.objects.count()
    response = call(viewer_script, "post", path.format(**places))
    assert response.status_code == 403
    assert "expected an editor's" in response.json()["detail"]
    assert Evaluation.objects.count() == before


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_token_nobody_gets_in(places, method, path):
    response = call(Script(), method, path.format(**places))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in response.json()["detail"]


@pytest.mark.parametrize("path", READING)
def test_a_browsers_session_opens_nothing(editor_client, places, path):
    assert editor_client.get(f"/api/v1/{path.format(**places)}").status_code == 401


def test_a_token_that_is_wrong_revoked_or_expired_does_not_hold(team, editor):
    now = timezone.now()
    gone = [
        "wrong",
        "",
        "\0",
        token(team, editor, revoked_at=now),
        token(team, editor, expires_at=now - timedelta(seconds=1)),
    ]
    assert [Script(each).get("tasks").status_code for each in gone] == [401] * 5
    assert Script(token(team, editor, expires_at=now + timedelta(days=1))).get("tasks").json() == {
        "tasks": []
    }


def test_a_token_ends_with_its_maker(team):
    left, away = script(team), script(team)
    assert left.get("tasks").status_code == 200
    made = ApiToken.objects.order_by("pk").values_list("created_by", flat=True)
    Membership.objects.filter(user=made[0]).delete()
    User.objects.filter(pk=made[1]).update(is_active=False)
    assert [each.get("tasks").status_code for each in (left, away)] == [401, 401]


def test_the_last_use_is_written_down_once_a_minute(team, editor):
    used = Script(token(team, editor, last_used_at=None))
    used.get("tasks")
    row = ApiToken.objects.get()
    assert row.last_used_at is not None
    used.get("tasks")
    assert ApiToken.objects.get().last_used_at == row.last_used_at


def test_who_has_a_token_needs_none_against_forged_requests(team):
    strict = Client(enforce_csrf_checks=True)
    headers = script(team).headers
    assert strict.post("/api/v1/evaluations", headers=headers).status_code == 422


def test_what_is_not_there_is_said_in_json(editor_script):
    response = editor_script.get("tasks/")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert "openapi.json" in response.json()["detail"]


def test_the_document_is_open_and_whole():
    response = Client().get("/api/v1/openapi.json")
    found = response.json()
    assert found["openapi"].startswith("3.")
    assert found["components"]["securitySchemes"]["TokenAuth"]["scheme"] == "bearer"
    text = response.content.decode()
    for name in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert name in found["components"]["schemas"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_is_told_whole(method, path):
    told = DOCUMENT["paths"][f"/{path}"][method]
    assert told["summary"]
    assert told["description"].endswith(".")
    in_path = {each["name"] for each in told.get("parameters", ()) if each["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", path))
    codes = set(map(int, told["responses"]))
    assert codes >= {401, *([404] if in_path else []), *([403] if method == "post" else [])}
    assert codes & {200, 201}
    assert told["security"] == [{"TokenAuth": []}]


@pytest.mark.parametrize("path", READING)
def test_no_reply_holds_a_key_or_a_token(team, places, path):
    store_secret(team=team, name="Vendor", value="sk-very-secret", user=None)
    secret = Secret.objects.get()
    Endpoint.objects.filter(team=team).update(secret=secret)
    who = script(team, role=Role.ADMIN)
    response = who.get(path.format(**places))
    content = b"".join(response.streaming_content) if response.streaming else response.content
    hashes = ApiToken.objects.values_list("token_hash", flat=True)
    for hidden in ("sk-very-secret", secret.ciphertext, who.token, *hashes):
        assert hidden.encode() not in content


@pytest.mark.parametrize(
    ("path", "queries"),
    [("tasks", 4), ("candidates", 1), ("endpoints", 2), ("evaluations", 6), ("reports", 1)],
)
@pytest.mark.parametrize("size", [1, 4])
def test_a_list_costs_the_same_at_any_size(
    *, team, editor_script, django_assert_num_queries, path, queries, size
):
    for _ in range(size):
        fill(team)
        make.live_evaluation(make.task(team))
    with django_assert_num_queries(FRAME + queries):
        assert editor_script.get(path).status_code == 200
