"""A worker that is killed under a stop rule: the next one comes to the same verdict."""

import pytest
from django.utils import timezone

from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.models import Run, VerdictRow
from evals.models.evaluations import RunState
from evals.services import evaluations
from evals.services.execution import work_on_run
from tests import make
from tests.fakes import FakeOpenAI
from tests.jobs.workers import until, worker_process
from tests.services.conftest import right_answer, ticket_number

pytestmark = pytest.mark.django_db(transaction=True)
BAR = [CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8)]


def started(server: FakeOpenAI) -> Run:
    spec = make.candidate_spec(base_url=server.base_url, concurrency=4)
    plan = PlanSpec(stop_early=True, seed=11)
    made = make.live_evaluation(samples=400, candidates=[spec], criteria=BAR, plan=plan)
    return made.runs.get()


def line_of(run: Run):
    return VerdictRow.objects.get(run=run).grounds["result"]["criteria"][0]


def test_after_kill_9_the_stop_rule_reads_on_and_settles_where_it_would_have(server):
    server.answer = lambda messages: (
        "no idea" if ticket_number(messages) % 25 == 0 else right_answer(messages)
    )
    server.latency_seconds = 0.5
    killed = started(server)
    worker = worker_process(killed.pk)
    until(lambda: killed.trials.count() >= 6, seconds=60)
    worker.kill()
    worker.communicate()
    killed.refresh_from_db()
    assert (killed.state, killed.settled_after) == (RunState.RUNNING, None)
    evaluations.ring_unfinished(now=timezone.now())
    server.latency_seconds = 0.02
    work_on_run(killed.pk)
    whole = started(server)
    work_on_run(whole.pk)
    for run in (killed, whole):
        run.refresh_from_db()
        assert (run.state, run.trials.count() < 400) == (RunState.COMPLETED, True)
    assert killed.settled_after == whole.settled_after
    assert line_of(killed) == line_of(whole)
    assert line_of(killed)["state"] == "met"
