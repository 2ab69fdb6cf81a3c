"""A budget against a vendor that bills every request, whatever becomes of its answer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.specs import PlanSpec, PriceSpec
from evals.models import Evaluation, Run, Trial
from evals.models.evaluations import RunState
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services import spending, watching
from evals.services.execution import work_on_run
from tests import make
from tests.billing import PRICE, Vendor, stored_usd
from tests.services.test_execution import in_thread

pytestmark = pytest.mark.django_db(transaction=True)
BUDGET = Decimal(2)  # about 150 answers of 128 tokens; each may have 256 and cost twice as much


@pytest.fixture
def vendor(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    with Vendor() as server:
        yield server


def started(
    vendor: Vendor,
    *,
    names: tuple[str, ...] = ("one",),
    price: PriceSpec | None = PRICE,
    samples: int = 1000,
    **endpoint: Any,
) -> Evaluation:
    # Each at an endpoint of its own: candidates of one endpoint would share its calls too.
    specs = [
        make.candidate_spec(
            name, base_url=vendor.base_url, price=price, timeout_seconds=60 + place, **endpoint
        )
        for place, name in enumerate(names)
    ]
    plan = PlanSpec(budget_usd=BUDGET)
    return make.live_evaluation(samples=samples, candidates=specs, plan=plan)


def stored(evaluation: Evaluation) -> Decimal:
    return stored_usd(Trial.objects.filter(run__evaluation=evaluation))


def document(evaluation: Evaluation) -> Any:
    fresh = Evaluation.objects.select_related("version", "task").get(pk=evaluation.pk)
    return evaluation_document(fresh, frozen_spec(fresh))


def carried_out(evaluation: Evaluation, *, workers: int = 1) -> list[Run]:
    threads = [in_thread(run) for run in evaluation.runs.all() for _ in range(workers)]
    for thread in threads:
        thread.join()
    return list(evaluation.runs.all())


def assert_spent(vendor: Vendor, evaluation: Evaluation, runs: list[Run]) -> None:
    """Every cent that was billed is within the budget, stored, and all that could be used."""
    assert vendor.billed <= BUDGET
    assert vendor.billed > BUDGET - Decimal("0.1")
    assert stored(evaluation) == vendor.billed
    for run in runs:
        assert run.state == RunState.STOPPED
        assert run.message.startswith("the budget of $2 is spent: $1.9")
        assert run.unconfirmed == 0
    evaluation.refresh_from_db()
    assert evaluation.state == RunState.STOPPED
    assert evaluation.ledger["accounts"] == {}


@pytest.mark.parametrize("concurrency", [1, 8, 256])
def test_one_worker_spends_the_budget_and_no_cent_more(vendor, concurrency):
    vendor.median_seconds = 0.004 * min(concurrency, 10)
    evaluation = started(vendor, concurrency=concurrency)
    runs = carried_out(evaluation)
    assert_spent(vendor, evaluation, runs)


def test_two_workers_share_it(vendor):
    evaluation = started(vendor, concurrency=64)
    runs = carried_out(evaluation, workers=2)
    assert_spent(vendor, evaluation, runs)


def test_two_runs_share_it(vendor):
    evaluation = started(vendor, names=("one", "two"), concurrency=32)
    runs = carried_out(evaluation)
    assert_spent(vendor, evaluation, runs)
    assert all(run.trials.count() > 20 for run in runs)


def test_two_workers_on_each_of_two_runs_share_it(vendor):
    evaluation = started(vendor, names=("one", "two"), concurrency=32)
    runs = carried_out(evaluation, workers=2)
    assert_spent(vendor, evaluation, runs)


def test_a_budget_that_is_enough_stops_nothing(vendor):
    evaluation = started(vendor, samples=60, concurrency=8)
    (run,) = carried_out(evaluation)
    assert (run.state, run.trials.count()) == (RunState.COMPLETED, 60)
    assert stored(evaluation) == vendor.billed


def test_a_budget_too_small_for_one_request_asks_nothing(vendor):
    dear = PriceSpec(usd_per_request=Decimal("2.01"))
    evaluation = started(vendor, price=dear)
    (run,) = carried_out(evaluation)
    assert run.state == RunState.STOPPED
    assert "the next request could cost $2.01" in run.message
    assert not vendor.requests


def test_what_is_stored_before_there_is_a_ledger_counts(vendor):
    evaluation = started(vendor, concurrency=8)
    run = evaluation.runs.get()
    make.answer(run, asked=100, input_tokens=0, output_tokens=190)  # $1.90
    carried_out(evaluation)
    assert vendor.billed <= Decimal("0.1")
    assert len(vendor.requests) > 1


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (None, "its price is unknown"),
        (PriceSpec(input_usd_per_mtok=Decimal(1)), "known in part only"),
        (PriceSpec(usd_per_hour=Decimal(1)), "paid by the hour"),
    ],
)
def test_a_candidate_that_no_budget_can_hold_is_asked_and_warned_of(vendor, price, words):
    evaluation = started(vendor, price=price, samples=60)
    (run,) = carried_out(evaluation)
    assert run.state == RunState.COMPLETED
    (warning,) = document(evaluation)["warnings"]
    assert words in warning
    evaluation.refresh_from_db()
    assert evaluation.ledger == {}


def test_calls_abandoned_at_the_end_of_a_grace_are_unconfirmed(vendor, monkeypatch):
    monkeypatch.setattr(watching, "LAST_CALL_SECONDS", 0.1)
    vendor.median_seconds, vendor.spread = 2.0, 0.0
    evaluation = started(vendor, concurrency=8)
    run = evaluation.runs.get()
    work_on_run(run.pk, should_end=lambda: len(vendor.requests) >= 8)
    run.refresh_from_db()
    assert (run.trials.count(), run.unconfirmed, len(vendor.requests)) == (0, 8, 8)
    (candidate,) = document(evaluation)["candidates"]
    assert candidate["usage"]["unconfirmed_requests"] == 8
    assert vendor.billed <= Decimal(str(candidate["cost"]["unconfirmed_usd"])) <= BUDGET
    assert candidate["cost"]["total_usd"] is None


def test_the_ledger_swaps_while_answers_are_slow(vendor, monkeypatch):
    monkeypatch.setattr(spending, "SWAP_SECONDS", 0.05)
    vendor.median_seconds = 0.2
    evaluation = started(vendor, samples=40, concurrency=8)
    (run,) = carried_out(evaluation)
    assert run.state == RunState.COMPLETED
    evaluation.refresh_from_db()
    assert Decimal(evaluation.ledger["closed"][str(run.pk)]) == vendor.billed
