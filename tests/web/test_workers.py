"""The workers' page, and what pages say where no worker serves a pool."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.models import ConnectionTest, Evaluation, Run, Shard, Team, Worker
from evals.models.evaluations import RunState, ShardState
from evals.queries.specs import frozen_spec
from evals.services import tasks as task_services
from evals.services.evaluations import Grounds, start_evaluation
from tests import make

COMMAND = "viability worker --pool gpu"
NO_WORKER = "waiting: no worker serves pool gpu"


def worker(name: str = "up", *, host: str = "alpha", pools: str = "default", ago: int = 0) -> None:
    seen = timezone.now() - timedelta(seconds=ago)
    Worker.objects.create(
        name=f"{name}@{host}/pid:[7]",
        host=f"{host}/pid:[7]",
        pid=4711,
        pools=pools.split(","),
        processes=3,
        started_at=seen - timedelta(hours=2),
        seen_at=seen,
    )


def hold(run: Run, *, host: str = "alpha") -> None:
    Shard.objects.filter(run=run).update(
        state=ShardState.LEASED,
        holder=f"{host}/pid:[7]:99:12345:1",
        lease_until=timezone.now() + timedelta(seconds=30),
    )
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)


def text_of(client: Client, name: str = "evals:workers", *arguments: object) -> str:
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def waiting(team: Team) -> Evaluation:
    """An evaluation whose open candidate has to be asked by a worker of the pool gpu."""
    specs = [make.incumbent_spec(), make.candidate_spec(pool="gpu")]
    return make.live_evaluation(make.task(team), candidates=specs)


def test_without_a_worker_the_page_gives_the_command(editor_client: Client):
    text = text_of(editor_client)
    assert "No worker is about" in text
    assert "viability worker --pool default" in text


def test_a_worker_is_shown_with_its_host_pools_and_processes(viewer_client: Client):
    worker(pools="default,gpu")
    text = text_of(viewer_client)
    for shown in ("up@alpha", "default, gpu", ">3<", "2 h ago", "just now", "1 worker on 1 host"):
        assert shown in text
    assert "pid:[7]" not in text
    assert "4711" not in text


def test_a_worker_that_was_not_seen_for_twenty_seconds_is_gone(editor_client: Client):
    worker(ago=25, pools="gpu")
    text = text_of(editor_client)
    assert "gone</span>" in text
    assert "No worker is about" in text
    assert "host, not seen any more" in text


def test_what_is_done_on_a_host_is_named_to_its_own_team_alone(
    editor_client: Client, stranger_client: Client, waiting: Evaluation
):
    worker()
    hold(waiting.runs.get(is_incumbent=False))
    own, foreign = text_of(editor_client), text_of(stranger_client)
    assert "open-model" in own
    assert f"{waiting.task.name}, evaluation 1" in own
    assert "open-model" not in foreign
    assert waiting.task.name not in foreign
    assert "gpu" not in foreign
    assert "another team&#x27;s run" in foreign
    assert "another team" not in own


def test_what_a_command_does_is_shown_on_its_host(editor_client: Client, waiting: Evaluation):
    hold(waiting.runs.get(is_incumbent=False), host="desk")
    text = text_of(editor_client)
    assert "desk" in text
    assert "a command does this" in text


def test_a_lease_that_ran_out_is_nobodys_work(editor_client: Client, waiting: Evaluation):
    worker()
    run = waiting.runs.get(is_incumbent=False)
    hold(run)
    Shard.objects.filter(run=run).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert "Nothing." in text_of(editor_client)


def test_pools_say_who_serves_them_and_what_waits(editor_client: Client, waiting: Evaluation):
    worker()
    text = " ".join(text_of(editor_client).split())
    assert f"by nobody: <code>{COMMAND}</code>" in text
    assert '<td class="num" data-label="Runs waiting">1</td>' in text


def test_the_page_refreshes_itself_with_and_without_javascript(editor_client: Client):
    text = text_of(editor_client)
    assert f'hx-get="{reverse("evals:workers_now")}"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "<html" not in text_of(editor_client, "evals:workers_now")


def test_the_page_is_in_the_navigation_and_for_members_alone(client: Client, editor_client: Client):
    assert f'href="{reverse("evals:workers")}" aria-current="page"' in text_of(editor_client)
    for name in ("evals:workers", "evals:workers_now"):
        assert client.get(reverse(name)).status_code == 302


def pages_about(evaluation: Evaluation) -> list[tuple[object, ...]]:
    run = evaluation.runs.get(is_incumbent=False)
    return [
        ("evals:evaluation", evaluation.pk),
        ("evals:evaluation_progress", evaluation.pk),
        ("evals:run", run.pk),
        ("evals:task", evaluation.task_id),
        ("evals:evaluations",),
    ]


def test_every_page_about_a_run_says_that_no_worker_serves_its_pool(
    editor_client: Client, waiting: Evaluation
):
    worker()
    for page in pages_about(waiting):
        text = text_of(editor_client, *page)  # type: ignore[arg-type]
        assert NO_WORKER in text, page
        assert f"<code>{COMMAND}</code>" in text, page
        assert "no worker serves pool default" not in text, page


def test_nothing_is_said_once_a_worker_serves_the_pool(editor_client: Client, waiting: Evaluation):
    worker(pools="default,gpu")
    for page in pages_about(waiting):
        assert NO_WORKER not in text_of(editor_client, *page), page  # type: ignore[arg-type]


def test_nothing_is_said_of_a_run_that_is_at_work_or_of_a_commands(
    editor_client: Client, waiting: Evaluation
):
    worker()
    hold(waiting.runs.get(is_incumbent=False))
    for page in pages_about(waiting):
        assert NO_WORKER not in text_of(editor_client, *page), page  # type: ignore[arg-type]
    Shard.objects.update(state=ShardState.WAITING, holder="", lease_until=None)
    assert NO_WORKER in text_of(editor_client, "evals:evaluation", waiting.pk)
    grounds = Grounds(
        version=waiting.version,
        bar=waiting.bar,
        scorer_set=waiting.scorer_set,
        candidates=[run.candidate for run in waiting.runs.all()],
    )
    spec = frozen_spec(waiting)
    commands = start_evaluation(spec=spec, grounds=grounds, user=None, identity="a command's")
    assert NO_WORKER not in text_of(editor_client, "evals:evaluation", commands.pk)


def test_a_gone_worker_serves_no_pool(editor_client: Client, waiting: Evaluation):
    worker(pools="default,gpu", ago=21)
    text = text_of(editor_client, "evals:evaluation", waiting.pk)
    assert NO_WORKER in text
    assert "no worker serves pool default" in text


def test_a_finished_run_waits_for_nobody(editor_client: Client, team: Team):
    finished = make.evaluation(make.task(team))
    for page in pages_about(finished):
        assert "no worker serves" not in text_of(editor_client, *page)  # type: ignore[arg-type]


def test_the_new_evaluation_page_warns_before_it_starts(editor_client: Client, team: Team):
    worker()
    task = make.task(team)
    make.version(task, samples=5)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    make.candidate(task, name="here")
    make.candidate(task, name="far", pool="gpu")
    text = text_of(editor_client, "evals:evaluation_new", task.pk)
    assert "No worker serves pool gpu: <strong>far</strong> would wait." in text
    worker("gpu", pools="gpu")
    assert "No worker serves" not in text_of(editor_client, "evals:evaluation_new", task.pk)


def test_a_test_of_an_endpoint_says_that_nobody_will_carry_it_out(
    editor_client: Client, team: Team
):
    candidate = make.candidate(make.task(team), pool="gpu")
    test = ConnectionTest.objects.create(candidate=candidate)
    assert NO_WORKER in text_of(editor_client, "evals:connection_test", test.pk)
    worker(pools="gpu")
    assert NO_WORKER not in text_of(editor_client, "evals:connection_test", test.pk)
