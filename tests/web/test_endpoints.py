"""Endpoints, their keys, and testing them."""

from django.utils import timezone

from evals.domain.specs import EndpointKind
from evals.models import AuditEntry, ConnectionTest
from evals.services.candidates import ServedBy, save_candidate
from evals.services.secrets import reveal, store_secret
from tests import make

RESULT = {
    "request": '{"url": "https://api.example.com/v1/chat/completions"}',
    "status": 200,
    "response": "HTTP 200\n\n<b>hi</b>",
    "state": "ok",
    "output": "ready",
    "error": "",
    "finish_reason": "stop",
    "latency_seconds": 0.25,
    "input_tokens": 9,
    "output_tokens": 1,
}


def with_key(team, **endpoint):
    secret = store_secret(team=team, name="example", value="sk-old", user=None)
    spec = make.candidate_spec(secret=secret.name, **endpoint)
    return save_candidate(
        task=make.task(team), spec=spec, user=None, now=make.NOON, served_by=ServedBy(secret=secret)
    )


def test_an_endpoint_is_shown_with_its_host_key_name_and_users(team, editor_client):
    candidate = with_key(team, base_url="https://llm.example.net/v1")
    for url in ("/endpoints/", f"/endpoints/{candidate.endpoint_id}/"):
        page = editor_client.get(url).content.decode()
        for text in ("llm.example.net", "example", candidate.name, "default"):
            assert text in page
        assert "sk-old" not in page


def test_a_key_is_replaced_and_never_shown(team, editor, editor_client):
    endpoint = with_key(team).endpoint
    url = f"/endpoints/{endpoint.pk}/"
    assert editor_client.post(f"{url}key/", {"key": "sk-new"}).url == url
    endpoint.secret.refresh_from_db()
    assert reveal(endpoint.secret) == "sk-new"
    assert b"sk-new" not in editor_client.get(url).content
    assert AuditEntry.objects.filter(action="secret stored", user=editor, subject="example")


def test_a_bad_key_changes_nothing(team, editor_client):
    endpoint = with_key(team).endpoint
    for key in ("", "sk\nnew"):
        response = editor_client.post(f"/endpoints/{endpoint.pk}/key/", {"key": key})
        assert response.status_code == 422
    endpoint.secret.refresh_from_db()
    assert reveal(endpoint.secret) == "sk-old"


def test_an_endpoint_without_a_key_has_none_to_replace(team, editor_client):
    endpoint = make.candidate(make.task(team)).endpoint
    assert editor_client.post(f"/endpoints/{endpoint.pk}/key/", {"key": "x"}).status_code == 404
    assert b"Replace the key" not in editor_client.get(f"/endpoints/{endpoint.pk}/").content


def test_a_test_is_asked_for_and_waits_for_a_worker(team, editor, editor_client):
    candidate = make.candidate(make.task(team))
    response = editor_client.post(f"/candidates/{candidate.pk}/test/")
    test = ConnectionTest.objects.get(candidate=candidate, created_by=editor)
    assert response.url == f"/connection-tests/{test.pk}/"
    page = editor_client.get(response.url).content.decode()
    assert f'hx-get="/connection-tests/{test.pk}/result/"' in page
    assert "Waiting for a worker" in page
    assert f'href="/connection-tests/{test.pk}/"' in page


def test_a_finished_test_is_shown_in_full_and_polls_no_more(team, editor_client):
    candidate = make.candidate(make.task(team))
    test = ConnectionTest.objects.create(
        candidate=candidate, finished_at=timezone.now(), result=RESULT
    )
    for url in (f"/connection-tests/{test.pk}/", f"/connection-tests/{test.pk}/result/"):
        page = editor_client.get(url).content.decode()
        assert "It answered" in page
        assert "https://api.example.com/v1/chat/completions" in page
        assert "&lt;b&gt;hi&lt;/b&gt;" in page
        assert "hx-get" not in page


def test_a_test_that_failed_says_why(team, editor_client):
    candidate = make.candidate(make.task(team))
    result = RESULT | {"state": "infra_error", "error": "401: wrong key", "output": None}
    for shown in (result, {"error": "401: wrong key"}):
        test = ConnectionTest.objects.create(
            candidate=candidate, finished_at=timezone.now(), result=shown
        )
        assert b"401: wrong key" in editor_client.get(f"/connection-tests/{test.pk}/").content


def test_recorded_answers_cannot_be_tested(team, editor_client):
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, file="a.csv", key="k", output="o")
    candidate = make.candidate(make.task(team), spec=spec)
    assert editor_client.post(f"/candidates/{candidate.pk}/test/").status_code == 404
    assert not ConnectionTest.objects.exists()
