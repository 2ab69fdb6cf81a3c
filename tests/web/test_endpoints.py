"""Endpoints, their keys, and testing them."""

from django.test import Client
from django.utils import timezone

from evals.domain.specs import EndpointKind
from evals.engine.limits import Limits
from evals.engine.sharing import Report
from evals.models import AuditEntry, ConnectionTest, EndpointLimit
from evals.services.candidates import ServedBy, save_candidate
from evals.services.endpointlimits import swap_share
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


def limits(client, endpoint, **sent):
    names = ("concurrency", "requests_per_minute", "tokens_per_minute")
    fields = dict.fromkeys(names, "") | sent
    return client.post(f"/endpoints/{endpoint.pk}/limits/", fields)


def test_limits_are_set_and_cleared_and_leave_a_line(team, editor, editor_client):
    endpoint = make.candidate(make.task(team), requests_per_minute=300).endpoint
    url = f"/endpoints/{endpoint.pk}/"
    assert "300" in editor_client.get(url).content.decode()
    assert limits(editor_client, endpoint, concurrency="12", tokens_per_minute="90000").url == url
    row = EndpointLimit.objects.get(endpoint=endpoint)
    assert (row.concurrency, row.requests_per_minute, row.tokens_per_minute) == (12, None, 90_000)
    page = editor_client.get(url).content.decode()
    for text in ("set here, 8 before", "set here, no limit before", 'value="12"', "Workers follow"):
        assert text in page
    line = AuditEntry.objects.get(action="endpoint retuned", user=editor)
    assert (line.subject, line.details["concurrency"]) == (endpoint.name, 12)
    limits(editor_client, endpoint)
    row.refresh_from_db()
    assert (row.concurrency, row.requests_per_minute, row.tokens_per_minute) == (None, None, None)
    limits(editor_client, endpoint)
    assert AuditEntry.objects.filter(action="endpoint retuned").count() == 2


def test_limits_that_make_no_sense_are_refused_in_words(team, editor_client):
    endpoint = make.candidate(make.task(team)).endpoint
    for sent, words in (
        ({"concurrency": "0"}, "stop the evaluation instead"),
        ({"concurrency": "5000"}, "At most 4,096."),
        ({"requests_per_minute": "-3"}, "stop the evaluation instead"),
        ({"requests_per_minute": "many"}, "A whole number, please"),
        ({"tokens_per_minute": "99999999999"}, "At most 2,147,483,647."),
    ):
        response = limits(editor_client, endpoint, **sent)
        assert response.status_code == 422
        assert words in response.content.decode()
    assert not EndpointLimit.objects.exists()


def test_who_asks_is_shown_until_it_is_gone(team, viewer_client):
    endpoint = make.candidate(make.task(team)).endpoint
    url = f"/endpoints/{endpoint.pk}/"
    assert b"No worker asks it at the moment." in viewer_client.get(url).content
    for holder, calls in (("gpu-host/pid:[1]:17:99:1", 3), ("cpu-host/pid:[1]:4:98:2", 0)):
        report = Report(holder=holder, in_flight=calls, wanted=1000)
        swap_share(endpoint_id=endpoint.pk, allowed=Limits(concurrency=8), report=report)
    page = viewer_client.get(url).content.decode()
    assert "<dt>Under way</dt><dd>3</dd>" in page
    assert "gpu-host, process 17" in page
    assert "cpu-host, process 4" in page
    assert "pid:[" not in page
    row = EndpointLimit.objects.get(endpoint=endpoint)
    row.sharing["holdings"] = [holding | {"until": 1.0} for holding in row.sharing["holdings"]]
    row.save()
    assert b"gpu-host" not in viewer_client.get(url).content


def test_what_each_worker_has_for_itself_has_no_common_limit(team, editor_client):
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, file="a.csv", key="k", output="o")
    endpoint = make.candidate(make.task(team), spec=spec).endpoint
    assert b"In effect now" not in editor_client.get(f"/endpoints/{endpoint.pk}/").content
    assert limits(editor_client, endpoint, concurrency="2").status_code == 404


def test_a_limit_is_set_only_with_the_pages_own_token(team, editor):
    endpoint = make.candidate(make.task(team)).endpoint
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert limits(client, endpoint, concurrency="2").status_code == 403
    assert not EndpointLimit.objects.exists()
