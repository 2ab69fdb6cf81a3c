from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.intervals import wilson_interval
from evals.domain.metrics import (
    CostFacts,
    Counts,
    LatencyFacts,
    Quantile,
    RunFacts,
    ScoreFacts,
    cost_per_1k,
    summarise,
    summarise_cost,
    summarise_latency,
)


def score(passed, n, *, metric="exact_match", is_graded=False):
    return ScoreFacts(
        metric=metric,
        n=n,
        total=float(passed),
        squares=float(passed),
        ones=passed,
        zeros=n - passed,
        is_graded=is_graded,
    )


def graded(total, n, *, metric="f1"):
    return ScoreFacts(metric=metric, n=n, total=total, squares=total, ones=0, zeros=0)


def run(*scores, planned=None, epochs=1, **figures):
    n = max((one.n for one in scores), default=0)
    return RunFacts(
        counts=Counts(ok=n),
        planned=n if planned is None else planned,
        epochs=epochs,
        scores={one.metric: one for one in scores},
        **figures,
    )


def test_a_wrong_answer_and_no_answer_are_judged_and_a_broken_line_is_not():
    counts = Counts(ok=812, no_answer=5, model_error=3, infra_error=2, scorer_error=1, skipped=2260)
    assert counts.judged == 820
    assert counts.unscored == 3


def test_a_pass_rate_is_shown_with_wilsons_interval():
    (metric,) = summarise(run(score(723, 820)))
    wilson = wilson_interval(723, 820)
    assert metric.metric == "exact_match"
    assert metric.slice is None
    assert metric.value == pytest.approx(0.882, abs=5e-4)
    assert (metric.low, metric.high) == (wilson.low, wilson.high)
    assert (metric.n, metric.passed) == (820, 723)
    assert metric.method == "95 % Wilson score interval"


def test_a_graded_score_has_an_interval_only_from_its_trials():
    (metric,) = summarise(run(graded(60.0, 80)))
    assert (metric.value, metric.low, metric.high) == (0.75, None, None)
    assert metric.passed is None
    assert metric.method == "an interval when the run has ended"


def test_a_scorer_that_can_grade_stays_graded_where_it_happens_not_to():
    assert score(7, 10).is_binary
    assert score(7, 10).passed == 7
    assert not score(7, 10, is_graded=True).is_binary
    assert score(7, 10, is_graded=True).passed is None


@pytest.mark.parametrize("others", [{"epochs": 5}, {"has_clusters": True}])
def test_trials_that_depend_on_each_other_have_no_interval_from_counts(others):
    (metric,) = summarise(run(score(80, 100), **others))
    assert (metric.low, metric.high) == (None, None)
    assert (metric.value, metric.n, metric.passed) == (0.8, 100, 80)


def test_an_empty_run_has_no_rate_and_no_interval():
    (metric,) = summarise(run(score(0, 0), planned=100))
    assert (metric.value, metric.low, metric.high) == (None, None, None)
    assert (metric.n, metric.passed) == (0, 0)
    assert metric.method == "nothing was judged"


@pytest.mark.parametrize(("passed", "low", "high"), [(0, 0.0, 0.2775), (10, 0.7225, 1.0)])
def test_all_right_and_all_wrong_are_not_certain(passed, low, high):
    (metric,) = summarise(run(score(passed, 10)))
    assert (metric.low, metric.high) == pytest.approx((low, high), abs=1e-4)


def test_metrics_keep_their_order():
    facts = run(score(5, 10, metric="b"), graded(5.0, 10, metric="a"))
    assert [metric.metric for metric in summarise(facts)] == ["b", "a"]


def test_a_sum_of_floats_cannot_make_a_mean_above_one():
    assert graded(3.0000000000000004, 3).mean == 1.0


def test_latencies_are_shown_as_they_were_counted():
    latency = LatencyFacts(n=9, quantiles={0.95: Quantile(value=1.4, low=1.2)})
    p50, p95, p99 = summarise_latency(run(score(9, 10), latency=latency))
    assert (p95.metric, p95.value, p95.low, p95.high) == ("latency_p95_seconds", 1.4, 1.2, None)
    assert p95.n == 9
    assert (p50.value, p99.value) == (None, None)


def test_costs_are_shown_per_thousand_with_a_t_interval():
    cost = CostFacts(known=True, total_usd=Decimal(1), n=100, mean=0.01, sd=0.002)
    metric = summarise_cost(run(score(50, 100), cost=cost))
    half = 1.9842169515 * 2 / 10
    assert metric.value == 10
    assert (metric.low, metric.high) == pytest.approx((10 - half, 10 + half), abs=1e-8)
    assert metric.method == "95 % t interval"


def test_a_cost_is_never_below_nothing_and_an_estimate_is_marked():
    cost = CostFacts(known=True, n=2, mean=0.01, sd=0.01, estimated=True)
    metric = summarise_cost(run(score(1, 2), cost=cost))
    assert metric.low == 0
    assert metric.method == "95 % t interval, estimated costs"


def test_one_cost_has_no_interval():
    metric = summarise_cost(run(score(1, 1), cost=CostFacts(known=True, n=1, mean=0.01)))
    assert (metric.value, metric.low, metric.high) == (10, None, None)
    again = CostFacts(known=True, n=3, mean=0.01, sd=0.0)
    metric = summarise_cost(run(score(1, 3), epochs=3, cost=again))
    assert (metric.value, metric.low, metric.high) == (10, None, None)


@pytest.mark.parametrize(
    "cost",
    [CostFacts(n=5, mean=0.0, sd=0.0), CostFacts(known=True), CostFacts(known=True, n=5)],
)
def test_an_unknown_cost_is_unknown_and_not_nothing(cost):
    assert cost_per_1k(cost) is None
    metric = summarise_cost(run(score(5, 5), cost=cost))
    assert (metric.value, metric.low, metric.high) == (None, None, None)


def test_what_was_planned_and_has_no_row_is_missing():
    counts = Counts(ok=5, no_answer=1, model_error=1, infra_error=1, scorer_error=1, skipped=11)
    assert RunFacts(counts=counts, planned=20).missing == 11


def test_more_trials_than_planned_are_refused():
    with pytest.raises(ValueError, match="at most the 4 planned trials"):
        RunFacts(counts=Counts(ok=4, infra_error=1), planned=4)


@pytest.mark.parametrize(("planned", "epochs"), [(10, 0), (10, 3)])
def test_a_plan_asks_whole_samples(planned, epochs):
    with pytest.raises(ValueError, match="need whole samples"):
        RunFacts(counts=Counts(), planned=planned, epochs=epochs)


@pytest.mark.parametrize(
    "figures",
    [
        {"scores": {"exact_match": score(5, 6)}},
        {"latency": LatencyFacts(n=6)},
        {"cost": CostFacts(n=6)},
    ],
)
def test_more_figures_than_judged_trials_are_refused(figures):
    with pytest.raises(ValueError, match="at most the 5 judged trials"):
        RunFacts(counts=Counts(ok=5, infra_error=5), planned=10, **figures)


@given(st.integers(1, 2000), st.data())
def test_an_interval_holds_its_value(n, data):
    (metric,) = summarise(run(score(data.draw(st.integers(0, n)), n)))
    low, value, high = metric.low or 0.0, metric.value or 0.0, metric.high or 0.0
    assert 0 <= low <= value + 1e-9
    assert value - 1e-9 <= high <= 1
    assert low < high
