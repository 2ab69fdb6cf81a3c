"""Evaluations by script: from a spec to a verdict, what a spec may not say, what it is told."""

import json

import pytest

from evals.models import AuditEntry, Candidate, Evaluation, Run, Task, Trial
from evals.models.evaluations import RunState
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.queries.trials import trial_documents
from evals.reports.resultfiles import result_text, sample_lines
from evals.services.execution import work_on_run
from evals.services.secrets import store_secret
from tests import make
from tests.api.conftest import file

ROWS = b"text,queue,channel\n" + b"".join(
    b"ticket %d,%s,%s\n" % (n, (b"billing", b"refunds")[n % 2], (b"phone", b"mail")[n % 2])
    for n in range(12)
)
STAND_IN = "{kind: stand_in, simulation: {accuracy: 1, latency_seconds: 0}}"
SPEC = """\
task: {{name: Tickets, monthly_volume: 1000}}
eval_set: {eval_set}
scorers: [exact_match]
bar: [{{metric: exact_match, at_least: 0.6}}]
candidates:
  - name: open-model
    model: {{id: {model}, open: true}}
    endpoint: {endpoint}
    {more}
"""
EVAL_SET = "{file: rows.csv, input: text, target: queue, slices: [channel]}"


def spec(endpoint=STAND_IN, *, eval_set=EVAL_SET, model="lab/open", more="") -> str:
    return SPEC.format(endpoint=endpoint, eval_set=eval_set, model=model, more=more)


def sent(script, text, *, query="", files=True):
    attached = {"files": [file("rows.csv", ROWS)]} if files else {}
    return script.send(f"evaluations{query}", spec=text, **attached)


def problems(response) -> list[tuple[str, int | None, str]]:
    assert response.status_code == 422, response.content
    return [(p["where"], p["line"], p["message"]) for p in response.json()["problems"]]


@pytest.mark.django_db(transaction=True)
def test_a_spec_with_its_file_runs_to_a_verdict(team, editor, editor_script):
    response = sent(editor_script, spec())
    assert response.status_code == 201, response.content
    told = response.json()
    assert response["Location"] == told["url"] == f"/api/v1/evaluations/{told['id']}"
    for run in Run.objects.all():
        work_on_run(run.pk)
    document = editor_script.get(f"evaluations/{told['id']}").json()
    assert (document["schema"], document["verdict"]) == ("viability.evaluation/1", "go")
    assert document["candidates"][0]["trials"]["ok"] == 12
    made = Evaluation.objects.get()
    assert made.created_by == editor
    assert made.identity is None
    assert AuditEntry.objects.filter(action="evaluation started", user=editor).exists()


def test_the_same_spec_again_names_the_file_alone_and_starts_once(team, editor_script):
    first, again = sent(editor_script, spec()), sent(editor_script, spec(), files=False)
    assert first.json()["id"] == again.json()["id"]
    assert (Task.objects.count(), Candidate.objects.count()) == (1, 1)


def test_a_spec_may_be_json_and_keeps_its_characters(team, editor_script):
    assert sent(editor_script, spec()).status_code == 201
    value = {
        "task": {"name": "Tickets"},
        "eval_set": {"file": "rows.csv", "input": "text", "target": "queue", "slices": ["channel"]},
        "scorers": ["exact_match"],
        "bar": [{"metric": "exact_match", "at_least": 0.6}],
        "candidates": [
            {
                "name": "😀 model",
                "model": {"id": "lab/other", "open": True},
                "endpoint": {"kind": "stand_in"},
            }
        ],
    }
    response = editor_script.post("evaluations", json.dumps(value, indent="\t"))
    assert response.status_code == 201, response.content
    assert Candidate.objects.filter(name="😀 model").exists()
    assert Task.objects.get().monthly_volume == 1000  # what a spec leaves open stays


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        (
            {"endpoint": "{kind: openai, base_url: 'https://a.example/v1', api_key_env: KEY}"},
            "candidates[0].endpoint.api_key_env",
            "reading the environment",
        ),
        (
            {"endpoint": "{kind: recorded, file: /etc/passwd, key: text, output: a}"},
            "candidates[0].endpoint.file",
            "reading a file",
        ),
        ({"eval_set": "{file: other.csv, input: a, target: b}"}, "eval_set.file", "reading a file"),
        ({"eval_set": "{hf: org/name, input: a, target: b}"}, "eval_set.hf", "from a hub"),
        (
            {"endpoint": "{kind: hf, arguments: {trust_remote_code: true}}"},
            "candidates[0].endpoint.arguments",
            "passing arguments to lm-eval",
        ),
        (
            {"endpoint": "{kind: lm_eval, backend: dummy}"},
            "candidates[0].endpoint.kind",
            "by name is for specs on the command line",
        ),
        (
            {"endpoint": "{kind: openvino}", "model": "/models/a.gguf"},
            "candidates[0].model.id",
            "loading a model from a file",
        ),
        (
            {"endpoint": "{kind: openai, base_url: 'http://169.254.169.254/v1'}"},
            "candidates[0].endpoint.base_url",
            "link-local or metadata",
        ),
        (
            {"endpoint": "{kind: openai, base_url: 'http://localhost:8000/v1'}"},
            "candidates[0].endpoint.base_url",
            "loopback or private",
        ),
        (
            {"endpoint": "{kind: openai, base_url: 'https://a.example/v1', secret: Mine}"},
            "candidates[0].endpoint.secret",
            "no stored key",
        ),
        ({"more": "price: {catalogue: 'no:such'}"}, "candidates[0].price.catalogue", ""),
    ],
)
def test_what_only_the_command_line_may_say_is_refused(team, editor_script, changes, where, words):
    response = sent(editor_script, spec(**changes))
    ((found, line, message),) = problems(response)
    assert (found, words in message) == (where, True)
    assert line
    assert not Task.objects.exists()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_private_address_needs_an_admins_setting_and_metadata_has_none(
    settings, team, editor_script, is_open
):
    settings.ALLOW_PRIVATE_ENDPOINTS = is_open
    private = sent(editor_script, spec("{kind: openai, base_url: 'http://10.0.0.8/v1'}"))
    assert ("base_url" in problems(private)[0][0]) is not is_open  # then its host is asked about
    metadata = sent(editor_script, spec("{kind: openai, base_url: 'http://169.254.169.254/v1'}"))
    assert problems(metadata)[0][0] == "candidates[0].endpoint.base_url"


def test_every_problem_is_told_with_its_line_and_what_was_expected(team, editor_script):
    wrong = spec("{kind: opnai}").replace("0.6", "high")
    response = sent(editor_script, wrong)
    assert [(where, line) for where, line, _ in problems(response)] == [
        ("bar[0].at_least", 4),
        ("candidates[0].endpoint.kind", 8),
    ]
    first = response.json()["problems"][0]
    assert (first["file"], first["found"]) == ("spec", "'high'")
    assert "number" in first["expected"]


@pytest.mark.parametrize(
    ("content", "media", "words"),
    [
        (b"\xff", "application/yaml", "UTF-8"),
        (b"", "application/yaml", "empty"),
        (b"{", "application/json", "no JSON"),
        (b"[]", "application/json", "JSON object"),
    ],
)
def test_what_is_no_spec_is_refused(team, editor_script, content, media, words):
    response = editor_script.post("evaluations", content, media=media)
    assert words in problems(response)[0][2]


def test_a_text_beyond_what_is_read_is_too_large(settings, team, editor_script):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert editor_script.post("evaluations", spec(), media="application/yaml").status_code == 413


def test_a_bad_row_is_told_and_nothing_is_stored(team, editor_script):
    bad = file("rows.csv", b"text,queue,channel\na,billing,phone\nb,,mail\n")
    response = editor_script.send("evaluations", spec=spec(), files=[bad])
    assert response.json()["problems"][0]["line"] == 3
    assert (response.json()["accepted"], response.json()["rejected"]) == (1, 1)
    assert not Task.objects.exists()


def test_inputs_leave_for_a_new_host_only_where_it_is_allowed(team, editor_script):
    store_secret(team=team, name="Vendor", value="sk-1", user=None)
    text = spec("{kind: openai, base_url: 'https://a.example/v1', secret: Vendor}")
    ((where, _, message),) = problems(sent(editor_script, text))
    assert where == "allow_host"
    assert "a.example" in message
    assert not Task.objects.exists()
    assert sent(editor_script, text, query="?allow_host=a.example").status_code == 201
    assert AuditEntry.objects.get(action="host let see inputs").subject == "a.example"


def test_recorded_answers_come_with_the_spec_once(team, editor_script):
    answers = b"text,said\n" + b"".join(b"ticket %d,billing\n" % n for n in range(12))
    text = spec("{kind: recorded, file: answers.csv, key: text, output: said}")
    files = [file("rows.csv", ROWS), file("answers.csv", answers)]
    first = editor_script.send("evaluations", spec=text, files=files)
    assert first.status_code == 201, first.content
    again = editor_script.post("evaluations", text, media="application/yaml")
    assert again.json()["id"] == first.json()["id"]


def test_candidates_of_a_task_are_evaluated_by_name(team, editor_script):
    task = make.evaluation(make.task(team)).task
    path = f"tasks/{task.pk}/evaluations"
    wanted = {"candidates": ["gpt-x", "open-model"], "plan": {"seed": 9, "max_samples": 5}}
    response = editor_script.post(path, wanted)
    assert response.status_code == 201, response.content
    made = Evaluation.objects.get(pk=response.json()["id"])
    assert (made.sample_count, made.runs.get(is_incumbent=True).position) == (5, 0)
    assert frozen_spec(made).plan.seed == 9


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"candidates": ["open-modl"]}, "candidates[0]"),
        ({"candidates": ["gpt-x", "gpt-x"]}, "candidates[1]"),
        ({"candidates": ["gpt-x"], "incumbent": "open-model"}, "incumbent"),
        ({"candidates": ["gpt-x"], "version_id": 10**9}, "version_id"),
        ({"candidates": ["gpt-x"], "bar": 99}, "bar"),
        ({"candidates": ["gpt-x"], "plan": {"alpha": 2}}, "plan.alpha"),
        ({"candidates": ["gpt-x"], "plam": {}}, "wanted.plam"),
        ({"candidates": []}, "wanted.candidates"),
        ({}, "wanted.candidates"),
    ],
)
def test_what_a_task_does_not_have_is_refused(team, editor_script, wanted, where):
    task = make.evaluation(make.task(team)).task
    response = editor_script.post(f"tasks/{task.pk}/evaluations", wanted)
    assert problems(response)[0][0] == where
    assert Evaluation.objects.count() == 1


def test_a_result_and_its_samples_are_the_result_files(team, viewer_script):
    made = make.evaluation(make.task(team))
    base = f"evaluations/{made.pk}"
    expected = result_text(evaluation_document(made, frozen_spec(made)))
    assert viewer_script.get(base).content.decode() == expected
    lines = b"".join(viewer_script.get(f"{base}/samples.jsonl").streaming_content).decode()
    assert lines == "".join(sample_lines(trial_documents(made)))


def test_evaluations_are_listed_by_task_and_by_page(team, viewer_script):
    task = make.task(team)
    made = [make.live_evaluation(task).pk for _ in range(2)]
    other = make.live_evaluation(make.task(team)).pk
    listed = viewer_script.get("evaluations", task=task.pk).json()
    assert [row["id"] for row in listed["evaluations"]] == made[::-1]
    assert listed["next"] is None
    before = viewer_script.get("evaluations", before=other).json()["evaluations"]
    assert [row["id"] for row in before] == made[::-1]
    assert viewer_script.get("evaluations", before="x").status_code == 422


def test_an_evaluation_is_paused_resumed_stopped_and_cancelled(team, editor_script):
    made = make.live_evaluation(make.task(team))
    told = [
        editor_script.post(f"evaluations/{made.pk}/{verb}").json()
        for verb in ("pause", "pause", "resume", "stop", "cancel")
    ]
    assert [each["changed"] for each in told] == [True, False, True, True, False]
    made.refresh_from_db()
    assert (made.state, made.finished_at is None) == (RunState.STOPPED, False)
    another = make.live_evaluation(make.task(team))
    assert editor_script.post(f"evaluations/{another.pk}/cancel").json()["state"] == "cancelled"


def test_what_failed_is_asked_again_and_nothing_else(team, editor_script):
    made = make.evaluation(make.task(team))
    path = f"evaluations/{made.pk}/retry"
    assert editor_script.post(path, {}).status_code == 409
    failed = Trial.objects.filter(run__evaluation=made).first()
    assert failed is not None
    Trial.objects.filter(pk=failed.pk).update(state="infra_error")
    told = editor_script.post(path, {}).json()
    assert (told["changed"], told["id"] == made.pk) == (True, False)
