"""Starting an evaluation: from the first admin's link to frozen rows, and what stops it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.domain.planrows import RowGroup
from evals.domain.rows import Row, RowFile
from evals.domain.specs import (
    EndpointKind,
    EvalSetSpec,
    HarnessSpec,
    PlanSpec,
    Spec,
    TaskSpec,
)
from evals.models import AuditEntry, Candidate, EndpointLimit, Evaluation, Shard, Task, Trial
from evals.models.evaluations import RunState
from evals.queries.plans import version_plan
from evals.queries.specs import frozen_spec
from evals.services import tasks as task_services
from evals.services import teams
from evals.services.evalsets import Origin, create_version
from tests import make
from tests.web.test_bars import EXACT, ONE_LINE
from tests.web.test_candidates import LOCAL, OPENAI, STAND_IN
from tests.web.test_uploads import CSV, MAPPING

PASSWORD = "a rather longer password"  # noqa: S105


@pytest.fixture
def task(team):
    task = make.task(team)
    make.version(task, samples=5)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    return task


def fields(task, *candidates: Candidate, **more) -> dict[str, Any]:
    version = task.eval_sets.get().versions.latest("pk")
    return {
        "version": version.pk,
        "bar": task.bars.latest("number").pk,
        "candidates": [c.pk for c in candidates],
        "incumbent": "",
        "alpha": "0.05",
        "seed": "7",
        "epochs": "1",
        **more,
    }


def url(task) -> str:
    return f"/tasks/{task.pk}/evaluations/new/"


@pytest.fixture
def prepared(db, settings, tmp_path) -> tuple[Client, Task]:
    """A first admin who has made a task, uploaded its eval set and written its bar."""
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    link = f"/first-admin/{teams.create_admin_link(now=timezone.now())}/"
    client.post(link, {"email": "ann@example.com", "password": PASSWORD, "again": PASSWORD})
    upload = client.post("/tasks/new/", {"name": "Support intent"})["Location"]
    mapping = client.post(upload, {"file": SimpleUploadedFile("tickets.csv", CSV)})["Location"]
    assert client.post(mapping, MAPPING).status_code == 302
    task = Task.objects.get()
    assert client.post(f"/tasks/{task.pk}/bar/", EXACT | ONE_LINE).status_code == 302
    return client, task


def test_the_whole_way_from_the_first_admin_to_a_frozen_evaluation(prepared):
    client, task = prepared
    candidates = f"/tasks/{task.pk}/candidates/new/"
    client.post(candidates, OPENAI)
    client.post(f"{candidates}?kind=stand_in", STAND_IN | {"model_open": "open"})
    closed, opened = Candidate.objects.order_by("pk")
    assert "api.example.com" in client.get(url(task)).content.decode()
    chosen = fields(task, closed, opened, incumbent=closed.pk, agree="on", budget_usd="5")
    response = client.post(url(task), chosen)
    evaluation = Evaluation.objects.get(task=task)
    assert response.url == f"/evaluations/{evaluation.pk}/"
    spec = frozen_spec(evaluation)
    assert [c.name for c in spec.candidates] == ["gpt-x", "pretend"]
    assert (spec.incumbent, spec.plan) == ("gpt-x", PlanSpec(seed=7, budget_usd=Decimal(5)))
    assert spec.scorers[0].name == "exact_match"
    runs = evaluation.runs.order_by("position")
    assert [run.is_incumbent for run in runs] == [True, False]
    assert {run.state for run in runs} == {RunState.QUEUED}
    assert Shard.objects.filter(run__evaluation=evaluation).count() == 2
    assert Task.objects.get().incumbent == closed
    started = AuditEntry.objects.filter(action="evaluation started")
    assert started.filter(user__email="ann@example.com").count() == 1
    assert client.get(response.url).status_code == 200


def test_the_page_says_what_would_be_asked_and_where_data_goes(editor_client, task):
    make.candidate(task)
    make.candidate(task, spec=make.incumbent_spec())
    page = editor_client.get(url(task)).content.decode()
    assert "5 samples, of 2 candidates" in page
    assert "stays with the workers" in page
    assert "api.example.com" in page
    assert "these hosts may see" in page


def test_counting_again_starts_nothing(editor_client, task):
    candidate = make.candidate(task)
    more = {"epochs": "3", "max_samples": "4", "preview": "yes"}
    response = editor_client.post(url(task), fields(task, candidate, **more))
    assert response.status_code == 200
    assert "4 samples, 3 times each, of 1 candidate" in response.content.decode()
    assert not Evaluation.objects.exists()


def test_data_goes_to_a_new_host_only_when_somebody_agreed(editor_client, task):
    candidate = make.candidate(task)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert b"Inputs would leave this server" in response.content
    assert not Evaluation.objects.exists()
    assert editor_client.post(url(task), fields(task, candidate, agree="on")).status_code == 302
    assert AuditEntry.objects.get(action="host let see inputs").subject == "api.example.com"
    assert "may see" not in editor_client.get(url(task)).content.decode()
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


def test_a_stand_in_needs_no_agreement(editor_client, task):
    candidate = make.candidate(task, spec=make.incumbent_spec())
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"candidates": []}, "No candidate is ticked"),
        ({"candidates": ["999999"]}, "not one of the available"),
        ({"version": "999999"}, "not one of the available"),
        ({"bar": ""}, "required"),
        ({"incumbent": "other"}, "not one of the available"),
        ({"alpha": "0.7"}, "below 0.5"),
        ({"alpha": "1e-320"}, "1e-09 or more"),
        ({"epochs": "0"}, "Found 0"),
        ({"epochs": "1000"}, "Found 1000"),
        ({"max_samples": "0"}, "Found 0"),
        ({"budget_usd": "-1"}, "Found -1"),
        ({"seed": "x"}, "whole number"),
    ],
)
def test_a_bad_plan_is_told_and_nothing_starts(editor_client, task, more, message):
    candidate = make.candidate(task, spec=make.incumbent_spec())
    response = editor_client.post(url(task), fields(task, candidate) | more)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Evaluation.objects.exists()


def test_an_incumbent_has_to_be_ticked(editor_client, task):
    ticked = make.candidate(task, spec=make.incumbent_spec())
    other = make.candidate(task, name="other", kind=EndpointKind.STAND_IN)
    response = editor_client.post(url(task), fields(task, ticked, incumbent=other.pk))
    assert b"It is not ticked above" in response.content


def test_a_prompt_that_a_new_eval_set_breaks_is_told(editor_client, task):
    spec = make.candidate_spec("broken", kind=EndpointKind.STAND_IN)
    spec = replace(spec, harness=HarnessSpec(prompt="{{ gone }}"))
    candidate = make.candidate(task, spec=spec)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert "there is no column" in response.content.decode()
    assert not Evaluation.objects.exists()


def test_recorded_answers_that_lack_a_sample_are_told(editor_client, task):
    spec = make.candidate_spec(
        "logs", kind=EndpointKind.RECORDED, file="a.csv", key="text", output="o"
    )
    candidate = make.candidate(task, spec=spec)
    response = editor_client.post(url(task), fields(task, candidate))
    assert response.status_code == 422
    assert b"has no recorded answer for" in response.content
    assert not Evaluation.objects.exists()


def test_recorded_answers_of_other_rows_are_told_with_the_first_and_a_count(editor_client, task):
    make.version(task, samples=60)
    spec = make.candidate_spec(
        "logs", kind=EndpointKind.RECORDED, file="a.csv", key="text", output="o"
    )
    response = editor_client.post(url(task), fields(task, make.candidate(task, spec=spec)))
    page = response.content.decode()
    assert page.count("has no recorded answer for") == 2 * 20  # at the top and at its field
    assert "has none for 40 more rows either" in page


def test_a_key_from_the_environment_is_for_the_command_line(editor_client, task):
    candidate = make.candidate(task, api_key_env="EXAMPLE_KEY")
    response = editor_client.post(url(task), fields(task, candidate, agree="on"))
    assert response.status_code == 422
    assert b"reading the environment is for specs on the command line" in response.content


def test_a_model_that_the_command_line_named_can_be_evaluated(editor_client, task):
    candidate = make.candidate(task, spec=LOCAL)
    assert editor_client.post(url(task), fields(task, candidate)).status_code == 302


def test_an_archived_candidate_is_not_offered(editor_client, task):
    make.candidate(task, spec=make.incumbent_spec())
    candidate = make.candidate(task)
    editor_client.post(f"/candidates/{candidate.pk}/archive/")
    assert candidate.name not in editor_client.get(url(task)).content.decode()
    response = editor_client.post(url(task), fields(task, candidate, agree="on"))
    assert response.status_code == 422


def test_what_is_missing_comes_first(team, editor_client):
    task = make.task(team)
    page = editor_client.get(url(task)).content.decode()
    assert "Upload an eval set" in page
    assert "Write the bar" in page
    make.version(task)
    page = editor_client.get(url(task)).content.decode()
    assert "Upload an eval set" not in page
    assert "Add a candidate" in page


def test_a_double_press_starts_one_evaluation(team, editor_client, task):
    spec = make.candidate_spec(kind=EndpointKind.STAND_IN)
    chosen = fields(task, make.candidate(task, spec))
    first, second = (editor_client.post(url(task), chosen) for _ in range(2))
    assert first.url == second.url
    assert editor_client.post(url(task), chosen | {"seed": "8"}).url != first.url
    Evaluation.objects.update(created_at=make.NOON)
    assert editor_client.post(url(task), chosen).url != first.url
    assert Evaluation.objects.count() == 3


def plan_url(task) -> str:
    return f"{url(task)}plan/"


def test_the_page_says_what_the_rows_can_tell(editor_client, task):
    make.candidate(task)
    page = editor_client.get(url(task)).content.decode()
    assert "What this can resolve" in page
    assert "With 5 rows you can tell" in page
    assert "5 rows can never prove 0.6: 6 rows, all passing, is the least." in page
    assert "not measured yet: 2.00 s an answer assumed" in page


def test_the_fragment_follows_the_form(editor_client, task):
    candidate = make.candidate(task)
    chosen = fields(task, candidate, epochs="3", max_samples="4", budget_usd="0.0001")
    response = editor_client.post(plan_url(task), chosen)
    page = response.content.decode()
    assert response.status_code == 200
    assert "4 samples, 3 times each, of 1 candidate" in page
    assert "With 4 rows you can tell" in page
    assert "The budget of $0.0001 is less than the expected" in page
    assert "<html" not in page
    assert not Evaluation.objects.exists()


def test_the_fragment_of_a_form_that_is_not_right_says_so(editor_client, task):
    make.candidate(task)
    page = editor_client.post(plan_url(task), {"alpha": "0.7", "bar": "x"}).content.decode()
    assert "5 samples, of 0 candidates" in page
    assert "these figures are for the usual plan" in page


def test_a_prompt_that_does_not_fit_is_told_in_the_plan(editor_client, task):
    spec = make.candidate_spec("broken", kind=EndpointKind.STAND_IN)
    make.candidate(task, spec=replace(spec, harness=HarnessSpec(prompt="{{ gone }}")))
    page = editor_client.get(url(task)).content.decode()
    assert "Its prompt does not fit these rows." in page


def test_what_was_measured_before_is_expected_again(team, editor_client):
    evaluation = make.evaluation(make.task(team), samples=5)
    Trial.objects.update(input_tokens=33, output_tokens=2, latency_seconds=0.5)
    page = editor_client.get(url(evaluation.task)).content.decode()
    assert "measured over 5 trials before: 0.50 s an answer" in page
    assert "165 \N{EN DASH} " in page


def test_slices_and_clusters_are_counted_from_the_rows(task):
    cells = [("phone", "ann"), ("mail", "ann"), ("phone", "ann"), ("mail", "bob"), ("phone", "")]
    rows = [
        Row(n, n + 2, {"text": "hello", "queue": "other", "channel": channel, "customer": customer})
        for n, (channel, customer) in enumerate(cells)
    ]
    version = create_version(
        eval_set=task.eval_sets.get(),
        rows=RowFile(("text", "queue", "channel", "customer"), iter(rows)),
        mapping=Mapping("text", "queue", ("channel",), "customer"),
        origin=Origin(name="tickets.csv", user=None),
    )
    phone = replace(make.BAR[0], slice={"channel": "phone"})
    spec = make.candidate_spec(kind=EndpointKind.STAND_IN)
    whole = Spec(
        task=TaskSpec(name="T"),
        eval_set=EvalSetSpec(input="text", target="queue", cluster="customer"),
        scorers=make.SCORERS,
        bar=(phone,),
        candidates=(spec,),
        plan=PlanSpec(max_samples=4),
    )
    plan = version_plan(whole, version, {})
    assert plan.rows.asked.samples == 4
    assert plan.rows.asked.clusters in {2, 3}
    all_rows = version_plan(replace(whole, plan=PlanSpec()), version, {})
    assert all_rows.rows.asked == RowGroup(samples=5, clusters=3)
    assert all_rows.rows.group({"channel": "phone"}) == RowGroup(samples=3, clusters=2)


def test_the_plan_of_an_unfinished_task_is_not_there(team, editor_client):
    assert editor_client.post(plan_url(make.task(team))).status_code == 404


@pytest.mark.parametrize("candidates", [1, 4])
def test_the_fragment_costs_the_same_for_any_number_of_candidates(
    editor_client, task, django_assert_num_queries, candidates
):
    made = [make.candidate(task, name=f"c{n}") for n in range(candidates)]
    chosen = fields(task, *made)
    with django_assert_num_queries(5 + 11):
        assert editor_client.post(plan_url(task), chosen).status_code == 200


def test_the_limits_of_an_endpoints_page_are_planned_with(editor_client, task):
    candidate = make.candidate(task, make.candidate_spec(base_url="https://api.example.com/v1"))
    make.bar(task)
    EndpointLimit.objects.create(endpoint=candidate.endpoint, requests_per_minute=1)
    page = editor_client.get(url(task)).content.decode()
    assert "5 min" in page  # for five samples
