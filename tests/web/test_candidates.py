"""Candidates: typed in, changed, archived, brought back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec, HarnessSpec, ModelSpec
from evals.models import AuditEntry, Candidate, Endpoint, RecordedAnswerRow, Secret
from evals.services.secrets import reveal, store_secret
from tests import make

OPENAI = {
    "name": "gpt-x",
    "model_id": "gpt-x-2026-06",
    "model_open": "closed",
    "model_lab": "ExampleAI",
    "harness_prompt": "{{ text }}\r\nQueue:",
    "harness_system": "You sort tickets.",
    "harness_max_tokens": "16",
    "harness_temperature": "0",
    "harness_stop": "\\n\r\nEND",
    "price_input_usd_per_mtok": "2.5",
    "price_output_usd_per_mtok": "10",
    "endpoint_base_url": "https://api.example.com/v1",
    "endpoint_concurrency": "64",
    "endpoint_requests_per_minute": "3000",
    "endpoint_timeout_seconds": "60",
}
KEY = {"endpoint_new_key": "sk-very-secret", "endpoint_new_key_name": "example"}
STAND_IN = {
    "name": "pretend",
    "model_id": "pretend-1",
    "model_open": "closed",
    "harness_prompt": "{{ text }}",
    "harness_max_tokens": "16",
    "harness_temperature": "0",
    "endpoint_simulation_accuracy": "0.9",
    "endpoint_simulation_latency_seconds": "0.1",
    "endpoint_simulation_latency_spread": "0",
    "endpoint_simulation_error_rate": "0",
    "endpoint_simulation_no_answer_rate": "0",
    "endpoint_simulation_seed": "7",
    "endpoint_simulation_labels": "billing\r\nrefunds",
    "endpoint_concurrency": "4",
}
RECORDED = {
    "name": "gpt-x-logs",
    "model_id": "gpt-x-2026-06",
    "model_open": "closed",
    "endpoint_key": "text",
    "endpoint_output": "answer",
    "endpoint_latency_seconds": "secs",
}
LOCAL = CandidateSpec(
    name="local",
    model=ModelSpec(id="/secret/place/model.gguf", open=True),
    endpoint=EndpointSpec(kind=EndpointKind.OPENVINO),
    harness=HarnessSpec(prompt="{{ text }}"),
)


@pytest.fixture
def task(team):
    task = make.task(team)
    make.version(task, samples=3)
    return task


def new(task, **query: str) -> str:
    tail = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/tasks/{task.pk}/candidates/new/?{tail}"


def answers(count: int = 3, *, extra: str = "") -> SimpleUploadedFile:
    lines = [f"ticket number {n} says <b>hello</b>,billing,0.{n}\n" for n in range(count)]
    return SimpleUploadedFile("logs.csv", ("text,answer,secs\n" + "".join(lines) + extra).encode())


def test_a_server_with_a_new_key_is_stored_and_shown_in_full_but_for_the_key(
    team, editor, editor_client, task
):
    assert editor_client.get(new(task)).status_code == 200
    response = editor_client.post(new(task), OPENAI | KEY)
    candidate = Candidate.objects.get(task=task)
    assert response.url == f"/candidates/{candidate.pk}/"
    page = editor_client.get(response.url).content.decode()
    for text in ("gpt-x-2026-06", "https://api.example.com/v1", "ticket number 0", "$2.50 in"):
        assert text in page
    assert "sk-very-secret" not in page
    secret = Secret.objects.get(team=team)
    assert (secret.name, reveal(secret)) == ("example", "sk-very-secret")
    assert candidate.endpoint.secret == secret
    assert candidate.harness.prompt == "{{ text }}\nQueue:"
    assert candidate.harness.decoding["stop"] == ["\n", "END"]
    assert AuditEntry.objects.get(action="candidate saved").user == editor


def test_a_stored_key_can_be_chosen(team, editor_client, task):
    store_secret(team=team, name="old", value="sk-1", user=None)
    editor_client.post(new(task), OPENAI | {"endpoint_secret": "old"})
    assert Endpoint.objects.get().secret == Secret.objects.get(name="old")


def test_a_key_that_was_typed_in_is_not_sent_back(editor_client, task):
    response = editor_client.post(new(task), OPENAI | KEY | {"name": ""})
    assert response.status_code == 422
    assert b"sk-very-secret" not in response.content


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "required"),
        ({"name": "taken"}, "there is a candidate"),
        ({"model_open": ""}, "required"),
        ({"endpoint_base_url": "api.example.com"}, "http or https URL"),
        ({"endpoint_base_url": "https://me:sk-1@example.com"}, "user name or password"),
        ({"endpoint_concurrency": "0"}, "greater than or equal to 1"),
        ({"endpoint_requests_per_minute": "0"}, "1 or more"),
        ({"endpoint_timeout_seconds": "0"}, "Found 0"),
        ({"endpoint_secret": "not there"}, "not one of the available"),
        ({"endpoint_new_key": "sk-2"}, "needs a name"),
        ({**KEY, "endpoint_secret": "old"}, "not both"),
        ({**KEY, "endpoint_new_key_name": "old"}, "there is a key"),
        ({"harness_prompt": "{{ txt }}"}, "did you mean"),
        ({"harness_prompt": "{{ queue }}"}, "is the target column"),
        ({"harness_prompt": "{{ text"}, "On the first sample"),
        ({"harness_prompt": " \n "}, "not blank"),
        ({"harness_max_tokens": "0"}, "greater than or equal to 1"),
        ({"harness_top_p": "2"}, "at most 1"),
        ({"harness_temperature": "-1"}, "greater than or equal to 0"),
        ({"price_usd_per_request": "1"}, "one way of charging"),
        ({"price_input_usd_per_mtok": "-1"}, "greater than or equal to 0"),
        (
            {"price_input_usd_per_mtok": "", "price_output_usd_per_mtok": "", "price_gpu": "L4"},
            "gpu without usd_per_hour",
        ),
    ],
)
def test_a_bad_candidate_is_told_and_nothing_is_stored(team, editor_client, task, fields, message):
    make.candidate(task, name="taken", kind=EndpointKind.STAND_IN)
    store_secret(team=team, name="old", value="sk-1", user=None)
    response = editor_client.post(new(task), OPENAI | fields)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Candidate.objects.get().name == "taken"
    assert Endpoint.objects.count() == 1
    assert Secret.objects.count() == 1


def test_a_stand_in_is_marked_wherever_it_is_seen(editor_client, task):
    assert b"No model is asked" in editor_client.get(new(task, kind="stand_in")).content
    response = editor_client.post(new(task, kind="stand_in"), STAND_IN)
    simulation = Candidate.objects.get().endpoint.settings["simulation"]
    assert simulation == {
        "accuracy": 0.9, "latency_seconds": 0.1, "seed": 7, "labels": ["billing", "refunds"],
    }  # fmt: skip
    for url in (response.url, "/candidates/", "/endpoints/"):
        assert b"simulated" in editor_client.get(url).content


def test_a_stand_in_that_is_always_wrong_stays_so(editor_client, task):
    fields = STAND_IN | {"endpoint_simulation_accuracy": "0"}
    editor_client.post(new(task, kind="stand_in"), fields)
    assert Candidate.objects.get().endpoint.settings["simulation"]["accuracy"] == 0


def test_another_kind_keeps_what_was_typed_but_for_the_server_and_its_key(editor_client, task):
    typed = OPENAI | KEY | {"switch": "kind"}
    page = editor_client.post(new(task, kind="stand_in"), typed)
    assert page.status_code == 200
    form = page.context["page"].form
    kept = ("name", "model_id", "model_open", "harness_prompt", "price_input_usd_per_mtok")
    assert {name: form[name].value() for name in kept} == {name: OPENAI[name] for name in kept}
    words = page.content.decode()
    assert "sk-very-secret" not in words
    assert "api.example.com/v1" not in words
    assert not Candidate.objects.exists()


def test_what_a_kind_does_not_ask_goes_along_to_the_next(editor_client, task):
    typed = OPENAI | {"switch": "kind", "harness_prompt": "{{ text }} <b>"}
    recorded = editor_client.post(new(task, kind="recorded"), typed).content.decode()
    hidden = '<input type="hidden" name="harness_prompt" value="{{ text }} &lt;b&gt;">'
    assert hidden in recorded


def test_an_impossible_simulation_is_told(editor_client, task):
    fields = STAND_IN | {"endpoint_simulation_accuracy": "1.5"}
    response = editor_client.post(new(task, kind="stand_in"), fields)
    assert response.status_code == 422
    assert not Candidate.objects.exists()


def test_recorded_answers_come_with_their_file(editor_client, task):
    assert editor_client.get(new(task, kind="recorded")).status_code == 200
    response = editor_client.post(
        new(task, kind="recorded"), RECORDED | {"endpoint_file": answers()}
    )
    candidate = Candidate.objects.get()
    assert response.url == f"/candidates/{candidate.pk}/"
    assert RecordedAnswerRow.objects.filter(endpoint=candidate.endpoint).count() == 3
    page = editor_client.get(response.url).content.decode()
    assert "logs.csv" in page
    assert "Test this endpoint" not in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "required"),
        ({"endpoint_file": answers(2)}, "has no recorded answer for"),
        ({"endpoint_file": answers(extra="ticket number 0 says <b>hello</b>,x,1\n")}, "line 5"),
        ({"endpoint_file": answers(extra="more,x,fast\n")}, "expected seconds"),
        ({"endpoint_file": answers(extra="ragged\n")}, "line 5"),
        ({"endpoint_file": answers(), "endpoint_output": "output"}, "no column"),
        ({"endpoint_file": SimpleUploadedFile("logs.txt", b"x")}, "ends in .txt"),
        ({"endpoint_file": SimpleUploadedFile("logs.csv", b"")}, "The file is empty"),
    ],
)
def test_bad_recorded_answers_are_told_and_nothing_is_stored(editor_client, task, fields, message):
    if file := fields.get("endpoint_file"):
        file.seek(0)
    response = editor_client.post(new(task, kind="recorded"), RECORDED | fields)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Candidate.objects.exists()
    assert not RecordedAnswerRow.objects.exists()


def test_a_stored_endpoint_serves_another_candidate(team, editor_client, task):
    first = make.candidate(task)
    url = new(task, endpoint=str(first.endpoint_id))
    assert b"It is used as it is" in editor_client.get(url).content
    fields = {k: v for k, v in OPENAI.items() if not k.startswith("endpoint")}
    editor_client.post(url, fields)
    assert Candidate.objects.get(name="gpt-x").endpoint == first.endpoint
    assert Endpoint.objects.count() == 1


def test_recorded_answers_serve_another_candidate_without_their_file(editor_client, task):
    editor_client.post(new(task, kind="recorded"), RECORDED | {"endpoint_file": answers()})
    endpoint = Endpoint.objects.get()
    url = new(task, endpoint=str(endpoint.pk))
    fields = {"name": "again", "model_id": "m", "model_open": "open"}
    assert editor_client.post(url, fields).status_code == 302
    assert Candidate.objects.get(name="again").endpoint == endpoint


def test_an_endpoint_of_the_worker_or_of_strangers_cannot_be_chosen(team, editor_client, task):
    local = make.candidate(task, spec=LOCAL)
    theirs = make.candidate(make.task(make.team()))
    page = editor_client.get(new(task)).content.decode()
    assert f"endpoint={local.endpoint_id}" not in page
    for endpoint in (local.endpoint, theirs.endpoint):
        assert editor_client.get(new(task, endpoint=str(endpoint.pk))).status_code == 404
        assert editor_client.post(new(task, endpoint=str(endpoint.pk)), OPENAI).status_code == 404


def test_without_an_eval_set_the_page_says_what_comes_first(team, editor_client):
    task = make.task(team)
    response = editor_client.get(new(task))
    assert response.status_code == 200
    assert b"Upload an eval set" in response.content
    assert b"Upload an eval set" in editor_client.post(new(task), OPENAI).content
    assert not Candidate.objects.exists()


def test_an_edit_makes_another_candidate_and_archives_the_first(editor_client, task):
    editor_client.post(new(task), OPENAI | KEY)
    first = Candidate.objects.get()
    url = f"/candidates/{first.pk}/edit/"
    page = editor_client.get(url).content.decode()
    assert "https://api.example.com/v1" in page
    assert '<option value="example" selected>' in page
    fields = OPENAI | {"endpoint_secret": "example", "price_input_usd_per_mtok": "1"}
    response = editor_client.post(url, fields)
    second = Candidate.objects.get(archived_at__isnull=True)
    assert response.url == f"/candidates/{second.pk}/"
    assert second.name == "gpt-x"
    assert second.price == {"input_usd_per_mtok": "1", "output_usd_per_mtok": "10"}
    assert second.endpoint == first.endpoint
    first.refresh_from_db()
    assert first.archived_at


def test_the_next_candidate_begins_with_the_harness_of_the_one_before(editor_client, task):
    editor_client.post(new(task), OPENAI)
    page = editor_client.get(new(task, kind="stand_in")).content.decode()
    assert "{{ text }}\nQueue:" in page
    assert "You sort tickets." in page


def test_an_edit_without_a_change_changes_nothing(editor_client, task):
    editor_client.post(new(task), OPENAI)
    candidate = Candidate.objects.get()
    editor_client.post(f"/candidates/{candidate.pk}/edit/", OPENAI)
    assert Candidate.objects.get().archived_at is None


def test_an_edit_may_give_another_name_and_the_incumbent_stays_the_incumbent(editor_client, task):
    editor_client.post(new(task), OPENAI)
    first = Candidate.objects.get()
    task.incumbent = first
    task.save()
    editor_client.post(f"/candidates/{first.pk}/edit/", OPENAI | {"name": "gpt-y"})
    first.refresh_from_db()
    task.refresh_from_db()
    assert first.archived_at
    assert task.incumbent.name == "gpt-y"


def test_a_model_in_the_worker_keeps_its_file_and_its_folder_is_never_shown(editor_client, task):
    local = make.candidate(task, spec=LOCAL)
    url = f"/candidates/{local.pk}/edit/"
    pages = [editor_client.get(u).content.decode() for u in (url, f"/candidates/{local.pk}/")]
    assert "the command line alone" in pages[0]
    assert all("/secret/place" not in page for page in pages)
    fields = {k: v for k, v in OPENAI.items() if not k.startswith(("endpoint", "model"))}
    fields |= {"name": "local", "model_id": "/etc/passwd", "price_input_usd_per_mtok": ""}
    fields |= {"price_output_usd_per_mtok": "", "price_usd_per_hour": "0.08"}
    assert editor_client.post(url, fields).status_code == 302
    changed = Candidate.objects.get(archived_at__isnull=True)
    assert changed.model.identifier == "/secret/place/model.gguf"
    assert changed.price == {"usd_per_hour": "0.08"}


def test_archiving_can_be_undone(editor_client, task):
    candidate = make.candidate(task)
    page = f"/candidates/{candidate.pk}/"
    assert editor_client.post(f"{page}archive/").url == page
    assert b"Undo" in editor_client.get(page).content
    assert candidate.name.encode() not in editor_client.get("/candidates/").content
    assert candidate.name.encode() in editor_client.get("/candidates/?archived").content
    assert editor_client.post(f"{page}restore/").url == page
    assert candidate.name.encode() in editor_client.get("/candidates/").content
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "candidate archived", "candidate restored",
    }  # fmt: skip


def test_an_archived_candidate_whose_name_is_taken_stays_archived(editor_client, task):
    first = make.candidate(task)
    editor_client.post(f"/candidates/{first.pk}/archive/")
    make.candidate(task, price=None)
    page = editor_client.post(f"/candidates/{first.pk}/restore/", follow=True).content.decode()
    assert "the name of another candidate by now" in page
    first.refresh_from_db()
    assert first.archived_at


def test_the_list_can_be_narrowed_to_a_task(team, editor_client, task):
    make.candidate(task, name="mine")
    make.candidate(make.task(team), name="elsewhere")
    page = editor_client.get(f"/candidates/?task={task.pk}").content.decode()
    assert "mine" in page
    assert "elsewhere" not in page
    assert editor_client.get("/candidates/?task=x").status_code == 200


def test_empty_lists_say_what_to_do(editor_client):
    assert b"New task" in editor_client.get("/candidates/").content
    assert b"Nothing is archived" in editor_client.get("/candidates/?archived").content
    assert b"No endpoints yet" in editor_client.get("/endpoints/").content
