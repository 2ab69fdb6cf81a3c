"""A worker that is killed while it spends: what may have been paid is shown, and never passed."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from evals.domain.specs import PlanSpec
from evals.models import Evaluation, Run
from evals.models.evaluations import RunState
from evals.queries.evaluationprogress import progress_page
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services import evaluations
from evals.services.execution import work_on_run
from tests import make
from tests.billing import PRICE, Vendor, stored_usd
from tests.jobs.workers import until, worker_process

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(settings: Any) -> Iterator[Vendor]:
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    with Vendor(median_seconds=0.2) as server:
        yield server


def run_at(vendor: Vendor, *, samples: int, budget: Decimal | None) -> Run:
    spec = make.candidate_spec(base_url=vendor.base_url, price=PRICE, concurrency=16)
    plan = PlanSpec(budget_usd=budget)
    return make.live_evaluation(samples=samples, candidates=[spec], plan=plan).runs.get()


def killed(vendor: Vendor, run: Run) -> None:
    """Kill a worker in mid-run, and give its shards back as beat does."""
    worker = worker_process(run.pk)
    until(lambda: run.trials.count() >= 30, seconds=60)
    worker.kill()
    worker.communicate()
    time.sleep(0.5)  # what is on its way to the vendor arrives
    evaluations.ring_unfinished(now=timezone.now())
    vendor.median_seconds = 0.02


def found(run: Run) -> Evaluation:
    return Evaluation.objects.select_related("version", "task").get(pk=run.evaluation_id)


def candidate_of(run: Run) -> Any:
    evaluation = found(run)
    (candidate,) = evaluation_document(evaluation, frozen_spec(evaluation))["candidates"]
    return candidate


def facts_of(run: Run) -> dict[str, tuple[str, str]]:
    page = progress_page(found(run), now=timezone.now())
    return {fact.label: (fact.value, fact.note) for fact in page.facts}


def stored(run: Run) -> Decimal:
    return stored_usd(run.trials.all())


def test_what_a_killed_worker_may_have_paid_stays_within_the_budget(vendor):
    budget = Decimal(3)
    run = run_at(vendor, samples=2000, budget=budget)
    killed(vendor, run)
    lost = len(vendor.requests) - run.trials.count()
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert vendor.billed <= budget
    candidate = candidate_of(run)
    unconfirmed = Decimal(str(candidate["cost"]["unconfirmed_usd"])).quantize(Decimal("0.000001"))
    assert stored(run) < vendor.billed <= stored(run) + unconfirmed <= budget
    assert 0 < lost <= candidate["usage"]["unconfirmed_requests"] == run.unconfirmed <= 3 * 64
    assert facts_of(run)["Unconfirmed"][0] == f"up to {run.unconfirmed} requests"
    assert facts_of(run)["Unconfirmed"][1].startswith("up to about $")


def test_without_a_budget_every_request_counts_at_its_worst(vendor):
    run = run_at(vendor, samples=200, budget=None)
    killed(vendor, run)
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.trials.count()) == (RunState.COMPLETED, 200)
    candidate = candidate_of(run)
    assert 0 < len(vendor.requests) - 200 <= candidate["usage"]["unconfirmed_requests"]
    unconfirmed = Decimal(str(candidate["cost"]["unconfirmed_usd"]))
    assert vendor.billed <= stored(run) + unconfirmed
