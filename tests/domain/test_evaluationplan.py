import re
from decimal import Decimal

import pytest

from evals.domain.evalsets import SampleRow
from evals.domain.evaluationplan import UnknownResolution
from evals.domain.pairedresolution import PairedResolution
from evals.domain.planrows import PlannedRows, RowGroup, planned_rows, probed_places, slice_key
from evals.domain.plansets import planned_evaluation
from evals.domain.planwarnings import plan_warnings
from evals.domain.power import wald_samples
from evals.domain.rateresolution import RateResolution
from evals.domain.specs import (
    Comparator,
    EvalSetSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from tests.domain.plans import candidate, line, margin, planned
from tests.known import known

PHONE = {"channel": "phone"}
TWO = (candidate("a"), candidate("b"), candidate("gpt-x"))


def rate(plan, place=0) -> RateResolution:
    found = plan.resolutions[place]
    assert isinstance(found, RateResolution)
    return found


def paired(plan, place=0) -> PairedResolution:
    found = plan.resolutions[place]
    assert isinstance(found, PairedResolution)
    return found


def texts(plan) -> str:
    return "\n".join(warning.text for warning in plan_warnings(plan))


def test_a_fixed_plan_has_its_published_sizes():
    found = rate(planned(samples=93, assumed=(0.95,), alpha=0.05))
    assert (found.all_pass, found.n) == (19, 93)
    assert found.assumed[0].go >= 0.95
    assert rate(planned(samples=92, assumed=(0.95,))).assumed[0].go < 0.95


def test_the_true_rates_lie_around_the_bar_unless_they_are_given():
    assert [each.rate for each in rate(planned()).assumed] == [0.8, 0.9, 0.95]
    assert [each.rate for each in rate(planned(line(0.99))).assumed] == [0.94, 0.993, 0.997]
    assert [each.rate for each in rate(planned(assumed=(0.9, 0.7))).assumed] == [0.7, 0.9]
    found = rate(planned(assumed=(0.7, 0.6)))
    assert found.expected.rate == 0.7
    assert found.assumed[0].samples is None


def test_the_gap_is_told_in_the_direction_that_is_good():
    found = rate(planned(line(0.10, Comparator.AT_MOST), samples=300))
    assert known(found.detectable) < 0.10
    assert known(found.gap) == pytest.approx(0.10 - known(found.detectable))
    assert [each.rate for each in found.assumed] == [0.033, 0.067, 0.15]
    assert found.assumed[0].go > 0.8 > found.assumed[2].go


@pytest.mark.parametrize(("bar", "truth", "floor"), [(0.85, 0.95, 52.2), (0.8, 0.9, 72.2)])
def test_a_stop_rule_takes_less_than_one_and_a_half_times_walds_floor(bar, truth, floor):
    (found,) = rate(planned(line(bar), samples=2000, stop_early=True, assumed=(truth,))).assumed
    assert round(known(found.floor), 1) == floor
    assert 1 < known(found.ratio) < 1.5
    assert found.go > 0.99


def test_no_floor_stands_beside_runs_that_end_with_the_set():
    (found,) = rate(planned(samples=100, stop_early=True, assumed=(0.9,))).assumed
    assert round(known(found.floor), 1) == 243.2 == round(wald_samples(0.85, 0.9), 1)
    assert found.ratio is None
    assert found.undecided > 0.5


@pytest.mark.parametrize("truth", [0.85, 0.0, 1.0])
def test_a_tie_and_a_certainty_have_no_floor(truth):
    (found,) = rate(planned(samples=100, stop_early=True, assumed=(truth,))).assumed
    assert found.floor is None
    assert found.ratio is None


@pytest.mark.parametrize(
    ("threshold", "discordance", "samples"),
    [(0.05, 0.15, 371), (0.03, 0.15, 1031), (0.05, 0.10, 248)],
)
def test_what_a_margin_costs_has_its_published_sizes(threshold, discordance, samples):
    pair = (candidate("a"), candidate("gpt-x"))
    found = paired(planned(margin(threshold), candidates=pair, incumbent="gpt-x"))
    by_discordance = {each.discordance: found.samples(each) for each in found.assumed}
    assert by_discordance[discordance] == samples


def test_every_margin_is_priced_and_no_margin_has_no_price():
    found = paired(planned(margin(0.0), candidates=TWO[1:], incumbent="gpt-x"))
    assert [each for each, _ in found.assumed[0].margins] == [0.0, 0.01, 0.02, 0.03, 0.05, 0.1]
    assert found.samples(found.expected) is None


def test_graded_scores_and_repeats_need_more_than_an_exact_bound():
    exact = rate(planned(line(metric="exact_match")))
    for wider in (planned(line(metric="f1")), planned(epochs=3), planned(stop_early=True)):
        assert known(rate(wider).detectable) > known(exact.detectable)
        assert known(rate(wider).all_pass) > known(exact.all_pass)


def test_several_candidates_share_the_risk():
    alone, shared = rate(planned()), rate(planned(candidates=TWO, incumbent="gpt-x"))
    assert known(shared.detectable) > known(alone.detectable)
    assert shared.all_pass == 23
    own = rate(planned(line(alpha=0.01)))
    assert own.all_pass == 29
    terms = planned(candidates=TWO, incumbent="gpt-x").terms
    assert terms.go_alpha(line()) == 0.025
    assert terms.no_go_alpha(line()) == 0.05


def test_clusters_count_and_not_rows():
    group = RowGroup(samples=180, clusters=30)
    rows = PlannedRows(total=180, asked=group, slices={})
    latency = line(2.0, Comparator.AT_MOST, "latency_p95_seconds")
    plan = planned(line(), latency, rows=rows, cluster="customer")
    assert rate(plan).n == 30
    assert rate(plan, 1).n == 180
    assert "only 30 clusters" in texts(plan)


def test_a_margin_too_narrow_for_the_clusters_is_told_in_clusters():
    rows = PlannedRows(total=600, asked=RowGroup(samples=600, clusters=200), slices={})
    plan = planned(margin(0.1), rows=rows, cluster="c", candidates=TWO, incumbent="gpt-x")
    assert "differ on 15 % of the rows" in texts(plan)
    assert re.search(r"it takes about \d+ clusters", texts(plan))


def test_a_latency_is_judged_as_the_share_in_time():
    found = rate(planned(line(2.0, Comparator.AT_MOST, "latency_p95_seconds"), assumed=(0.5,)))
    assert (found.share, found.all_pass) == (0.95, 59)
    assert [each.rate for each in found.assumed] == [0.9, 0.975, 0.995]
    assert found.expected.rate == 0.995


def test_a_cost_cannot_be_foreseen_and_an_unknown_price_never_meets_it():
    cost = line(1.5, Comparator.AT_MOST, "cost_per_1k_usd")
    plan = planned(cost, candidates=[candidate(price=None)])
    assert isinstance(plan.resolutions[0], UnknownResolution)
    assert "the price of open is unknown, so it can never meet this" in texts(plan)
    assert "unknown" not in texts(planned(cost))


def test_a_stop_rule_saves_what_it_probably_saves():
    fixed, early = (planned(samples=3000, stop_early=stops) for stops in (False, True))
    assert fixed.candidates[0].expected.requests == 3000
    assert fixed.settling_samples is None
    assert 300 < early.candidates[0].expected.requests < 400
    assert early.candidates[0].worst.requests == 3000
    assert known(early.settling_samples) == pytest.approx(333, abs=1)


def test_the_slowest_required_criterion_ends_a_run_and_paired_ones_the_incumbents():
    bar = (line(), margin(0.05), line(0.99, advisory=True))
    plan = planned(*bar, candidates=TWO, incumbent="gpt-x", samples=3000, stop_early=True)
    a, b, incumbent = plan.candidates
    mean = paired(plan, 1).expected.mean_samples
    assert a.samples == b.samples == incumbent.samples == mean
    alone = planned(line(), candidates=TWO, incumbent="gpt-x", samples=3000, stop_early=True)
    assert alone.candidates[2].samples == 3000
    cost = line(1.5, Comparator.AT_MOST, "cost_per_1k_usd")
    assert planned(cost, samples=500, stop_early=True).candidates[0].samples == 500
    assert planned(line(advisory=True), stop_early=True).candidates[0].samples == 180


def test_a_slice_has_its_own_rows_and_takes_its_share_of_the_set():
    rows = PlannedRows(
        total=1000,
        asked=RowGroup(samples=1000),
        slices={slice_key(PHONE): RowGroup(samples=50)},
    )
    plan = planned(line(slice=PHONE), rows=rows, stop_early=True)
    found = rate(plan)
    assert found.n == 50
    assert plan.candidates[0].samples == pytest.approx(20 * known(found.expected.mean_samples))
    assert "only 50 rows in this slice" in texts(plan)


def test_an_empty_slice_can_never_be_met():
    rows = PlannedRows(
        total=10, asked=RowGroup(samples=10), slices={slice_key(PHONE): RowGroup(samples=0)}
    )
    bar = (line(slice=PHONE), margin(slice=PHONE))
    plan = planned(*bar, rows=rows, candidates=TWO, incumbent="gpt-x", stop_early=True)
    assert rate(plan).detectable is None
    assert paired(plan, 1).expected.smallest_margin is None
    assert texts(plan).count("no row is in this slice, so nothing can meet it") == 2
    assert plan.candidates[0].samples == 10


@pytest.mark.parametrize(
    ("plan", "warning"),
    [
        (planned(samples=10), "10 rows can never prove 0.85: 19 rows, all passing, is the least"),
        (planned(samples=100), "only a candidate whose true rate is 0.935 or more"),
        (
            planned(samples=20, stop_early=True),
            "20 rows can never prove 0.85: 28, all of them good",
        ),
        (planned(samples=100, stop_early=True), "100 rows are few for 0.85: a candidate whose"),
        (planned(line(1.0, metric="f1"), samples=9), "9 rows can never prove 1: nothing can"),
        (planned(line(1.0), stop_early=True), "180 rows can never prove 1: nothing can"),
        (planned(margin()), "there is no incumbent to compare with"),
        (
            planned(margin(0.03), candidates=TWO[1:], incumbent="gpt-x"),
            "this one is 0.03: it takes about 1,031 rows",
        ),
        (
            planned(margin(0.0), candidates=TWO[1:], incumbent="gpt-x"),
            "no number of rows shows it",
        ),
        (planned(line(advisory=True)), "no criterion is required"),
        (planned(budget_usd=Decimal("0.015")), "at worst the evaluation pauses"),
        (
            planned(budget_usd=Decimal("0.001")),
            "of $0.001 is less than the expected $0.011: about 9 % of it",
        ),
    ],
)
def test_what_is_wrong_is_said_before_it_starts(plan, warning):
    assert warning in texts(plan)


def test_a_plan_with_enough_rows_and_money_has_no_warnings():
    bar = (line(), margin(), line(0.0))
    plan = planned(*bar, candidates=TWO, incumbent="gpt-x", samples=1000, budget_usd=Decimal(10))
    assert plan_warnings(plan) == ()
    assert plan_warnings(planned(samples=3000, stop_early=True)) == ()
    assert rate(plan, 2).all_pass == 1


def test_an_unknown_price_is_never_0():
    plan = planned(candidates=[candidate("a"), candidate("b", price=None)])
    assert plan.expected_usd is None
    assert plan.worst_usd is None
    assert plan.known_worst_usd > 0
    assert plan.unpriced == ("b",)
    hour = PriceSpec(gpu="L4", usd_per_hour=Decimal("0.8"))
    by_hour = planned(candidates=[candidate(price=hour)])
    assert known(by_hour.expected_usd) > 0
    assert by_hour.worst_usd is None


def test_rows_are_counted_by_slice_and_cluster():
    samples = [(PHONE, "ann", 1), (PHONE, "ann", 2), ({}, "bob", 1), (PHONE, None, 4)]
    key = slice_key(PHONE)
    rows = planned_rows(samples, total=9, wanted={key}, has_clusters=True)
    assert rows.asked == RowGroup(samples=8, clusters=6)
    assert rows.group(PHONE) == RowGroup(samples=7, clusters=5)
    flat = planned_rows(samples, total=9, wanted=(), has_clusters=False)
    assert flat.asked.independent == 8


def test_the_probed_rows_are_spread_over_the_set():
    assert probed_places(3) == [0, 1, 2]
    places = probed_places(1000)
    assert (len(places), places[1], places[-1]) == (100, 10, 990)


def test_the_rows_of_a_set_are_planned_for():
    rows = [
        SampleRow(
            row=n,
            key=None,
            input={"text": "x" * 40},
            target="red",
            slices={"channel": "phone" if n % 4 == 0 else "mail"},
            cluster=None,
        )
        for n in range(40)
    ]
    spec = Spec(
        task=TaskSpec(name="Colours"),
        eval_set=EvalSetSpec(input="text", target="label"),
        scorers=(ScorerSpec(name="exact_match"),),
        bar=(line(slice=PHONE),),
        candidates=(candidate(),),
        plan=PlanSpec(max_samples=20),
    )
    plan = planned_evaluation(spec, rows)
    assert (plan.rows.asked.samples, plan.rows.total, plan.probed) == (20, 40, 40)
    assert 0 < plan.rows.group(PHONE).samples < 10
    assert plan.candidates[0].expected.input_tokens == 20 * 10
