from decimal import Decimal
from math import inf

import pytest

from evals.domain.specs import EndpointKind, PriceSpec
from evals.domain.tradeoffs import Axis, Placed, Point, TradeOff
from evals.models import VerdictRow
from evals.queries.outcomes import load_results
from evals.queries.tradeoffs import axis_named, trade_off_of
from tests import make

pytestmark = pytest.mark.django_db


def named(found: TradeOff, name: str) -> Placed:
    return next(place for place in found.placed if place.point.name == name)


def test_every_candidate_has_its_place_on_every_axis():
    results = load_results(make.evaluation(samples=100, right={"open-model": 80}))
    accepted, tasks, latency = (trade_off_of(results, axis) for axis in Axis)
    # 100 input tokens at $2.5 and 2 output tokens at $10 a million.
    assert named(tasks, "open-model").outlay.value == pytest.approx(0.27)
    assert named(accepted, "open-model").outlay.value == pytest.approx(0.00027 / 0.8)
    assert named(latency, "open-model").outlay.value == pytest.approx(0.344)
    assert named(accepted, "gpt-x").point.is_incumbent
    assert named(accepted, "gpt-x").point.is_simulated
    assert accepted.threshold == 0.6
    assert (accepted.limit, latency.limit) == (None, 2.0)


def test_a_point_leads_to_its_run():
    evaluation = make.evaluation()
    found = trade_off_of(load_results(evaluation), Axis.ACCEPTED)
    run = evaluation.runs.get(position=1)
    assert named(found, "open-model").point.link == f"/runs/{run.pk}/"


def test_an_unknown_price_leaves_a_candidate_out():
    specs = [make.incumbent_spec(), make.candidate_spec(price=None)]
    found = trade_off_of(load_results(make.evaluation(candidates=specs)), Axis.ACCEPTED)
    assert [point.name for point in found.left_out] == ["open-model"]


def test_hardware_by_the_hour_is_an_estimate_of_its_cost_and_not_of_its_latency():
    hourly = PriceSpec(gpu="L4", usd_per_hour=Decimal("0.8"))
    specs = [make.incumbent_spec(), make.candidate_spec(kind=EndpointKind.HF, price=hourly)]
    results = load_results(make.evaluation(candidates=specs))
    assert named(trade_off_of(results, Axis.TASKS), "open-model").point.is_estimated
    assert not named(trade_off_of(results, Axis.LATENCY), "open-model").point.is_estimated


def test_a_p95_of_few_answers_has_no_upper_bound():
    found = trade_off_of(load_results(make.evaluation(samples=20)), Axis.LATENCY)
    assert named(found, "open-model").outlay.high == inf


def test_a_result_without_an_interval_of_its_cost_is_taken_as_it_is():
    evaluation = make.evaluation(samples=100, right={"open-model": 80})
    results = load_results(evaluation)
    for outcome in results.outcomes:
        del outcome.document["cost"]["per_1k_tasks_low_usd"]
        del outcome.document["cost"]["per_1k_tasks_high_usd"]
    assert not named(trade_off_of(results, Axis.TASKS), "open-model").outlay.has_interval
    assert named(trade_off_of(results, Axis.ACCEPTED), "open-model").outlay.has_interval


def test_replayed_cascades_join_the_candidates():
    results = load_results(make.evaluation())
    own = named(trade_off_of(results, Axis.ACCEPTED), "open-model").point
    cascade = Point(
        name="both", link="/cascades/1/", quality=own.quality, outlay=own.outlay, is_replayed=True
    )
    found = trade_off_of(results, Axis.ACCEPTED, cascades=[cascade])
    assert named(found, "both").point.is_replayed
    assert VerdictRow.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "axis"),
    [
        ("latency", Axis.LATENCY),
        ("tasks", Axis.TASKS),
        ("nonsense", Axis.ACCEPTED),
        (None, Axis.ACCEPTED),
    ],
)
def test_the_address_names_the_axis(name, axis):
    assert axis_named(name) is axis
