"""Every list page gives its rows as a file, under the same filters."""

import csv
from datetime import datetime
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.domain.specs import PlanSpec
from evals.models import Evaluation, Shard, Team
from evals.queries.evaluationprogress import progress_of_results
from evals.queries.outcomes import load_results
from evals.services.decisions import propose_report
from tests import make

LISTS = ("tasks", "evaluations", "candidates", "models", "endpoints", "reports")


@pytest.fixture
def finished(team: Team) -> Evaluation:
    made = make.evaluation(make.task(team, name="=Ticket triage"))
    propose_report(evaluation=made, user=make.member(team), now=timezone.now())
    return made


def rows_of(client: Client, name: str, query: str = "") -> list[dict[str, str]]:
    response = client.get(reverse("evals:list_file", args=[name]) + query)
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(StringIO(response.content.decode())))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_page_leads_to_its_rows(viewer_client: Client, finished: Evaluation, name: str):
    page = viewer_client.get(reverse(f"evals:{name}")).content.decode()
    assert f'href="/lists/{name}.csv"' in page
    assert rows_of(viewer_client, name)


@pytest.mark.parametrize("name", [name for name in LISTS if name != "models"])
def test_a_stranger_gets_no_row(stranger_client: Client, finished: Evaluation, name: str):
    assert rows_of(stranger_client, name) == []


def test_a_strangers_task_is_none(stranger_client: Client, finished: Evaluation):
    address = reverse("evals:list_file", args=["evaluations"])
    assert stranger_client.get(f"{address}?task={finished.task_id}").status_code == 404


def test_there_is_no_other_list(viewer_client: Client):
    assert viewer_client.get(reverse("evals:list_file", args=["secrets"])).status_code == 404


def test_the_filters_of_the_page_hold(viewer_client: Client, finished: Evaluation, team: Team):
    other = make.evaluation(make.task(team, name="Other"))
    assert len(rows_of(viewer_client, "evaluations")) == 2
    (row,) = rows_of(viewer_client, "evaluations", f"?task={other.task_id}")
    assert row["task_name"] == "Other"
    page = viewer_client.get(reverse("evals:evaluations") + f"?task={other.task_id}")
    assert f'/lists/evaluations.csv?task={other.task_id}"' in page.content.decode()


def test_no_name_is_a_formula(viewer_client: Client, finished: Evaluation):
    (row,) = rows_of(viewer_client, "tasks")
    assert row["name"] == "'=Ticket triage"


def test_a_record_has_its_moment_as_an_iso_date(viewer_client: Client, finished: Evaluation):
    (row,) = rows_of(viewer_client, "reports")
    assert row["at"].startswith(timezone.now().date().isoformat())


def test_a_script_gets_times_and_numbers(viewer_client: Client, finished: Evaluation):
    (row,) = rows_of(viewer_client, "evaluations")
    assert datetime.fromisoformat(row["started_at"]) == finished.created_at
    assert (row["samples"], row["eval_set_version"], row["bar_version"]) == ("20", "1", "1")
    assert finished.finished_at is not None
    assert float(row["seconds"]) == (finished.finished_at - finished.created_at).total_seconds()
    assert not {"started", "took", "grounds", "progress"} & set(row)
    (task,) = rows_of(viewer_client, "tasks")
    assert (task["samples"], task["eval_set_version"], task["bar_version"]) == ("20", "1", "1")
    assert task["monthly_volume"] == str(finished.task.monthly_volume or "")
    assert datetime.fromisoformat(task["answered_at"]) == finished.finished_at
    assert not {"volume", "eval_set", "bar", "answered"} & set(task)


def test_an_evaluation_that_ended_early_counts_as_its_page_does(viewer_client: Client, team: Team):
    made = make.live_evaluation(make.task(team), samples=200, plan=PlanSpec(stop_early=True))
    for run in made.runs.all():
        make.answer(run, asked=40)
        make.complete(run)
    Shard.objects.filter(run__evaluation=made).delete()  # as if none had been asked to its end
    done = [
        row.done for row in progress_of_results(load_results(make.finish(made)), now=make.NOON).rows
    ]
    (row,) = rows_of(viewer_client, "evaluations")
    assert (row["done"], row["total"]) == (str(sum(done)), "400")
    assert sum(done) > 0
