"""The stop rule at work: real workers, real HTTP endpoints, runs that end once they are settled."""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evals.domain.bars import CriterionState
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.models import Evaluation, Run, VerdictRow
from evals.models.evaluations import RunState, ShardState
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services import control, evaluations
from tests import make
from tests.domain.tables import at_least, judged, table
from tests.fakes import Answer, FakeOpenAI, Messages
from tests.services.conftest import right_answer, ticket_number
from tests.services.test_execution import in_thread, until

pytestmark = pytest.mark.django_db(transaction=True)
STOP = PlanSpec(stop_early=True)
RIGHT = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.6)
MARGIN = CriterionSpec(metric="exact_match", comparator=Comparator.WITHIN, threshold=0.3)


class Uneven(FakeOpenAI):
    """An endpoint whose wrong answers take longer."""

    def __init__(self, is_right: Callable[[int], bool], *, slow: float, quick: float) -> None:
        super().__init__(self._said)
        self._is_right, self._slow, self._quick = is_right, slow, quick

    def _said(self, messages: Messages) -> str:
        return right_answer(messages) if self._is_right(ticket_number(messages)) else "no idea"

    def _plain(self, body: Any) -> Answer:
        is_right = self._is_right(ticket_number(body["messages"]))
        found = super()._plain(body)
        return Answer(body=found.body, seconds=self._quick if is_right else self._slow)


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.ALLOW_PRIVATE_ENDPOINTS = True


def compared(own: FakeOpenAI, other: FakeOpenAI, *criteria: CriterionSpec, samples: int = 400):
    """Start an evaluation of a candidate beside an incumbent; return their runs."""
    specs = [
        make.candidate_spec("open-model", base_url=own.base_url, concurrency=8),
        make.candidate_spec("closed", is_open=False, base_url=other.base_url, concurrency=8),
    ]
    evaluation = make.live_evaluation(
        samples=samples, candidates=specs, criteria=criteria, plan=STOP
    )
    return evaluation.runs.get(is_incumbent=False), evaluation.runs.get(is_incumbent=True)


def started(server: FakeOpenAI, *, samples: int = 400, concurrency: int = 8, **options: Any) -> Run:
    spec = make.candidate_spec(base_url=server.base_url, concurrency=concurrency)
    options = {"plan": STOP, "criteria": [RIGHT], **options}
    return make.live_evaluation(samples=samples, candidates=[spec], **options).runs.get()


def worked(*runs: Run) -> None:
    workers = [in_thread(run) for run in runs]
    for worker in workers:
        worker.join()
    for run in runs:
        run.refresh_from_db()


def document_of(run: Run) -> dict[str, Any]:
    evaluation = Evaluation.objects.select_related("version", "task").get(pk=run.evaluation_id)
    documents = evaluation_document(evaluation, frozen_spec(evaluation))["candidates"]
    found: dict[str, Any] = documents[run.position]
    return found


def test_a_run_ends_soon_after_its_criteria_are_settled(server, capsys):
    server.latency_seconds = 0.1
    run = started(server)
    began = time.monotonic()
    worked(run)
    seconds = time.monotonic() - began
    assert (run.state, run.message) == (RunState.COMPLETED, "settled after 9 of 400 samples")
    assert run.settled_after == 9
    assert VerdictRow.objects.get(run=run).state == "go"
    found = document_of(run)
    assert (found["criteria"][0]["n"], found["metrics"][0]["n"]) == (9, 9)
    assert found["stopping"]["settled_after"] == found["stopping"]["read"] == 9
    assert found["stopping"]["beyond"] == len(server.requests) - 9
    # 80 a second at most: what is in flight, a quarter of a second, and a busy machine's slack.
    assert len(server.requests) <= 9 + 8 + 80 * min(seconds, 2)
    assert not run.shards.filter(state=ShardState.LEASED).exists()
    with capsys.disabled():
        sys.stdout.write(f"\nsettled at 9: {len(server.requests)} asked in {seconds:.1f} s\n")


def test_both_workers_of_a_run_stop(server):
    server.latency_seconds = 0.1
    run = started(server)
    worked(run, run)
    assert (run.state, run.settled_after) == (RunState.COMPLETED, 9)
    assert len(server.requests) == run.trials.count() < 250
    assert VerdictRow.objects.get(run=run).state == "go"


def test_the_incumbent_goes_on_until_the_pairs_are_settled_and_then_ends(server):
    with FakeOpenAI(right_answer, latency_seconds=0.1) as slow:
        own, incumbent = compared(server, slow, RIGHT, MARGIN)
        worked(own, incumbent)
    assert own.state == incumbent.state == RunState.COMPLETED
    assert incumbent.message == "ended with the other candidates: it makes no claim of its own"
    assert 10 < incumbent.trials.count() < 400
    rate, margin = document_of(own)["criteria"]
    assert (rate["state"], margin["state"]) == ("met", "met")
    assert rate["n"] < margin["n"] <= incumbent.trials.count()
    assert VerdictRow.objects.get(run=own).state == "go"
    assert VerdictRow.objects.get(run=incumbent).state is None


def test_the_incumbent_ends_at_once_where_nobody_needs_it(server):
    server.latency_seconds = 0.05
    with FakeOpenAI(right_answer, latency_seconds=0.2) as slow:
        own, incumbent = compared(server, slow, RIGHT)
        worked(own, incumbent)
    assert own.settled_after == 9
    assert incumbent.state == RunState.COMPLETED
    assert incumbent.trials.count() < 200


def test_an_incumbent_alone_is_asked_for_its_own_sake(server):
    spec = make.candidate_spec("closed", is_open=False, base_url=server.base_url)
    run = make.live_evaluation(samples=30, candidates=[spec], plan=STOP).runs.get()
    worked(run)
    assert (run.state, run.trials.count()) == (RunState.COMPLETED, 30)


def test_a_run_that_is_stopped_in_the_middle_is_judged_by_its_complete_prefix():
    with Uneven(lambda number: number % 7 != 3, slow=0.6, quick=0.02) as server:
        bar = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.85)
        run = started(server, criteria=[bar])
        worker = in_thread(run)
        until(lambda: run.trials.count() >= 60)
        evaluations.stop_evaluation(evaluation=run.evaluation, user=None, now=make.NOON)
        worker.join()
    run.refresh_from_db()
    found, places = document_of(run), sorted(run.trials.values_list("place", flat=True))
    prefix = next((n for n, place in enumerate(places) if n != place), len(places))
    (line,) = found["criteria"]
    assert run.state in (RunState.STOPPED, RunState.COMPLETED)
    assert line["n"] <= prefix
    assert found["verdict"] == {"met": "go", "missed": "no_go"}.get(line["state"], "undecided")


def test_a_cancelled_one_has_no_verdict(server):
    server.latency_seconds = 0.3
    run = started(server, concurrency=2)
    worker = in_thread(run)
    until(run.trials.exists)
    control.cancel_evaluation(evaluation=run.evaluation, user=None, now=make.NOON)
    worker.join()
    assert not VerdictRow.objects.exists()
    found = document_of(run)
    assert (found["verdict"], found["criteria"][0]["state"]) == (None, "unsettled")


def test_stopping_on_whatever_has_arrived_would_be_biased_and_the_worker_is_not(capsys):
    """At the bar, wrong answers slow: read in the order of arrival nearly every one would be GO."""
    bar, early, rounds = at_least(0.85), 0, 8
    verdicts = []
    with Uneven(lambda number: number % 20 >= 3, slow=1.2, quick=0.01) as server:
        for seed in range(rounds):
            run = started(
                server,
                samples=120,
                concurrency=32,
                criteria=[bar],
                plan=PlanSpec(stop_early=True, seed=seed),
            )
            worked(run)
            came = run.trials.order_by("pk").values_list("scores", flat=True)
            arrived = np.array([scores["exact_match"] for scores in came])
            result = judged(bar, table(arrived), stop_early=True)
            early += result.state is CriterionState.MET
            verdicts.append(VerdictRow.objects.get(run=run).state)
    with capsys.disabled():
        sys.stdout.write(f"\narrived: {early} of {rounds} GO; prefix: {verdicts.count('go')}\n")
    assert early >= rounds - 2
    assert verdicts.count("go") <= 2
