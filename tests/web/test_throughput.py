"""Measuring what an endpoint can do, from the browser."""

import json
import re

import pytest

from evals.domain.specs import EndpointKind
from evals.models import AuditEntry, ThroughputTest
from evals.models.prices import ThroughputState
from tests import make

FORM = {"levels": "1,2", "samples": "10", "seconds": "5", "latency_bar": "2"}


@pytest.fixture
def candidate(team):
    task = make.task(team)
    make.version(task)
    make.bar(task)
    return make.candidate(task)


def address(candidate):
    return f"/candidates/{candidate.pk}/throughput/"


def shown(response):
    found = re.search(r'name="shown" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def finished(candidate, levels, **fields):
    version = candidate.task.eval_sets.get().versions.get()
    found = {"state": ThroughputState.COMPLETED, "finished_at": make.NOON, "levels": levels}
    return make.throughput_test(candidate, version, **(found | fields))


def test_the_form_says_what_it_asks_what_that_costs_and_whom_it_loads(candidate, editor_client):
    page = editor_client.get(address(candidate)).content.decode()
    assert "at most 726 requests, 32 at once, at a cost of $" in page
    assert "<strong>api.example.com</strong>" in page
    assert 'value="2.0"' in page  # the latency bar of the task
    assert not ThroughputTest.objects.exists()


def test_an_unknown_price_stays_unknown(candidate, editor_client):
    unpriced = make.candidate(candidate.task, name="unpriced", price=None)
    assert "unknown cost" in editor_client.get(address(unpriced)).content.decode()


def test_a_preview_shows_what_other_settings_cost_and_starts_nothing(candidate, editor_client):
    page = editor_client.post(address(candidate), {**FORM, "preview": "1"})
    assert page.status_code == 200
    assert "at most 26 requests, 2 at once" in page.content.decode()
    assert not ThroughputTest.objects.exists()


def test_it_starts_once_what_was_shown_is_agreed_to(candidate, editor, editor_client):
    promise = shown(editor_client.post(address(candidate), {**FORM, "preview": "1"}))
    sent = {**FORM, "shown": promise, "agree": "on", "hardware_key": " h100 "}
    response = editor_client.post(address(candidate), sent)
    test = ThroughputTest.objects.get(candidate=candidate, created_by=editor)
    assert response.url == f"/throughput/{test.pk}/"
    assert test.settings["levels"] == [1, 2]
    assert test.settings["latency_bar_seconds"] == 2
    assert test.settings["hardware_key"] == "h100"
    assert AuditEntry.objects.filter(action="throughput test started", user=editor).exists()


def test_what_was_not_shown_is_not_started(candidate, editor_client):
    promise = shown(editor_client.get(address(candidate)))
    response = editor_client.post(
        address(candidate), {**FORM, "samples": "900", "shown": promise, "agree": "on"}
    )
    assert response.status_code == 422
    assert "It is now at most 1,806 requests" in response.content.decode()
    assert not ThroughputTest.objects.exists()


def test_without_the_tick_nothing_is_asked(candidate, editor_client):
    promise = shown(editor_client.post(address(candidate), {**FORM, "preview": "1"}))
    response = editor_client.post(address(candidate), {**FORM, "shown": promise})
    assert response.status_code == 422
    assert not ThroughputTest.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("levels", "8,4"), ("samples", "0"), ("seconds", "x"), ("latency_bar", "0")]
)
def test_odd_fields_keep_what_was_typed(candidate, editor_client, name, value):
    response = editor_client.post(address(candidate), {**FORM, name: value})
    assert response.status_code == 422
    assert f'value="{value}"' in response.content.decode()


def test_recorded_answers_have_no_throughput(team, editor_client):
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, file="a.csv", key="k", output="o")
    recorded = make.candidate(make.task(team), spec=spec)
    assert editor_client.get(address(recorded)).status_code == 404


def test_a_task_without_rows_says_what_comes_first(team, editor_client):
    candidate = make.candidate(make.task(team))
    assert b"eval set" in editor_client.get(address(candidate)).content
    assert (
        "Measure throughput"
        not in editor_client.get(f"/candidates/{candidate.pk}/").content.decode()
    )


def test_a_test_that_goes_on_says_how_far_it_is_and_can_be_stopped(
    candidate, editor_client, viewer_client
):
    settings = {"progress": {"concurrency": 4, "measured": 60}}
    test = finished(candidate, [make.level(1), make.level(2)], state=ThroughputState.RUNNING)
    test.settings |= settings
    test.finished_at = None
    test.save()
    page = editor_client.get(f"/throughput/{test.pk}/").content.decode()
    assert f'hx-get="/throughput/{test.pk}/now/"' in page
    assert "4 at once" in page
    assert "60 of 100" in page
    for url in (f"/throughput/{test.pk}/", f"/throughput/{test.pk}/now/"):
        assert ">Stop</button>" in editor_client.get(url).content.decode()
        assert ">Stop</button>" not in viewer_client.get(url).content.decode()
    editor_client.post(f"/throughput/{test.pk}/stop/")
    test.refresh_from_db()
    assert test.state == ThroughputState.COMPLETED
    assert test.message.startswith("stopped by ")
    assert len(test.levels) == 2
    assert "hx-get" not in editor_client.get(f"/throughput/{test.pk}/now/").content.decode()


def test_the_result_names_the_goodput_and_marks_its_level(candidate, viewer_client):
    slow = make.level(4, is_within_bar=False, tasks_per_hour=90_000.0)
    test = finished(candidate, [make.level(1), make.level(2, tasks_per_hour=70_000.0), slow])
    page = viewer_client.get(f"/throughput/{test.pk}/").content.decode()
    assert "70,000 tasks an hour with 2 at once, 30 output tokens a second" in page
    assert page.count("<strong>best</strong>") == 1
    assert "[0.18, 0.25]" in page
    assert "Start" not in page.partition("<main")[2].split("Started")[0]


def test_unknown_rates_are_called_unknown(candidate, viewer_client):
    test = finished(candidate, [make.level(1, output_tokens_per_second=None)])
    page = viewer_client.get(f"/throughput/{test.pk}/").content.decode()
    assert "unknown output tokens a second" in page
    assert 'data-label="Output tok/s">unknown</td>' in page


def test_a_failure_is_shown_in_its_own_words(candidate, viewer_client):
    test = finished(candidate, [], state=ThroughputState.FAILED, message="401 <b>wrong</b> key")
    page = viewer_client.get(f"/throughput/{test.pk}/").content.decode()
    assert "401 &lt;b&gt;wrong&lt;/b&gt; key" in page
    assert "Nothing was measured." in page


def test_the_result_file_has_what_the_page_shows(candidate, viewer_client):
    test = finished(candidate, [make.level(1)])
    test.settings |= {"heard_at": "2026-06-01", "progress": {"concurrency": 1, "measured": 3}}
    test.save()
    document = json.loads(viewer_client.get(f"/throughput/{test.pk}/result.json").content)
    assert document["schema"] == "viability.throughput/1"
    assert document["goodput"]["concurrency"] == 1
    assert "heard_at" not in document["settings"]
    assert next(iter(document["levels"][0])) == "concurrency"


def test_the_candidates_page_lists_its_tests(candidate, viewer_client):
    finished(candidate, [make.level(2)])
    page = viewer_client.get(f"/candidates/{candidate.pk}/").content.decode()
    assert "36,000 tasks an hour with 2 at once" in page
