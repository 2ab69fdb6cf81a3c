import pytest

from evals.domain.narrowing import Narrowing
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.models import Evaluation, Trial
from evals.queries.chartseries import MOST_STEPS, latency_curves, narrowing_of
from evals.queries.outcomes import load_results
from tests import make

pytestmark = pytest.mark.django_db


def found(evaluation: Evaluation) -> Narrowing:
    return narrowing_of(load_results(evaluation))


def test_the_line_ends_with_the_figure_on_the_page():
    evaluation = make.evaluation(samples=60, right={"open-model": 45})
    results = load_results(evaluation)
    for line, outcome in zip(narrowing_of(results).lines, results.outcomes, strict=True):
        metric = outcome.metric("exact_match")
        assert metric is not None
        last = line.moments[-1]
        assert (last.n, last.places) == (60, 60)
        assert (last.value, last.low, last.high) == pytest.approx(
            (metric["value"], metric["low"], metric["high"])
        )


def test_the_line_follows_the_order_of_asking():
    # The first 45 places are right, all later ones wrong.
    line = found(make.evaluation(samples=60, right={"open-model": 45})).lines[1]
    values = {moment.places: moment.value for moment in line.moments}
    assert values[44] == 1.0
    assert values[60] == 0.75


def test_a_large_run_is_thinned():
    lines = found(make.evaluation(samples=MOST_STEPS * 3 + 1)).lines
    assert all(len(line.moments) <= MOST_STEPS for line in lines)
    assert lines[0].moments[-1].places == MOST_STEPS * 3 + 1


def test_under_a_stop_rule_nothing_beyond_what_was_read_is_shown():
    plan = PlanSpec(stop_early=True)
    bar = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.5)
    evaluation = make.evaluation(samples=200, plan=plan, criteria=[bar])
    results = load_results(evaluation)
    line = narrowing_of(results).lines[1]
    read = results.outcomes[1].document["stopping"]["read"]
    assert read < 200
    assert line.moments[-1].places == read
    assert not narrowing_of(results).is_fixed


def test_what_was_not_judged_is_in_no_series():
    evaluation = make.live_evaluation(samples=10)
    for run in evaluation.runs.all():
        make.answer(run, right=10)
        make.complete(run)
    Trial.objects.filter(run__evaluation=evaluation, place__lt=4).update(
        state="infra_error", output=None, scores={"exact_match": None}
    )
    make.finish(evaluation)
    results = load_results(evaluation)
    assert narrowing_of(results).lines[0].moments[-1].n == 6
    assert {curve.n for curve in latency_curves(results).curves} == {6}


def test_latencies_rise_from_the_quickest_to_the_slowest():
    curves = latency_curves(load_results(make.evaluation(samples=40))).curves
    assert [curve.name for curve in curves] == ["gpt-x", "open-model"]
    for curve in curves:
        assert list(curve.seconds) == sorted(curve.seconds)
        assert curve.seconds[-1] == pytest.approx(0.25 + 39 / 1000)


def test_a_run_without_latencies_has_no_curve():
    evaluation = make.live_evaluation()
    for run in evaluation.runs.all():
        make.answer(run, latency_seconds=None)
        make.complete(run)
    make.finish(evaluation)
    curves = latency_curves(load_results(evaluation))
    assert curves.curves == ()
    assert curves.limit_seconds == 2.0


@pytest.mark.parametrize("series", [narrowing_of, latency_curves])
def test_a_series_costs_one_query(series, django_assert_num_queries):
    results = load_results(make.evaluation())
    with django_assert_num_queries(1):
        series(results)
