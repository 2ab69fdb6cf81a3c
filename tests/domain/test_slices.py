"""How many samples a line of a bar is about, and what too few of them can prove."""

from math import log

import pytest

from evals.domain.intervals import clopper_pearson_lower
from evals.domain.sequential import anytime_rate_lower
from evals.domain.slices import (
    Reach,
    TooFew,
    asked_positions,
    empty_slice,
    least_samples,
    nothing_asked,
    reach_of,
    too_few,
)
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec

PLAN, STOPPED = PlanSpec(seed=7), PlanSpec(seed=7, stop_early=True)
VALUES = {"channel": ["mail", "phone"], "tier": ["gold"]}


def line(comparator=Comparator.AT_LEAST, threshold=0.85, metric="exact_match", **more):
    return CriterionSpec(metric=metric, comparator=comparator, threshold=threshold, **more)


def test_all_are_asked_unless_the_plan_says_fewer():
    assert asked_positions(10, PLAN) is None
    assert asked_positions(10, PlanSpec(max_samples=10)) is None
    asked = asked_positions(10, PlanSpec(max_samples=4, seed=1))
    assert asked is not None
    assert len(asked) == 4
    assert reach_of([0, 1, 2], None) == Reach(in_set=3, asked=3)
    assert reach_of(range(10), asked) == Reach(in_set=10, asked=4)


def test_what_a_plan_skips_is_not_asked():
    first = asked_positions(10, PlanSpec(max_samples=4, seed=1))
    second = asked_positions(10, PlanSpec(max_samples=4, skip_samples=4, seed=1))
    rest = asked_positions(10, PlanSpec(skip_samples=8, seed=1))
    assert first is not None
    assert second is not None
    assert rest is not None
    assert first | second | rest == frozenset(range(10))
    assert len(first) + len(second) + len(rest) == 10


def test_a_stop_rule_asks_about_whole_clusters():
    clusters = ["a", "b", "c"] * 4
    plan = PlanSpec(max_samples=4, stop_early=True, seed=2)
    asked = asked_positions(12, plan, clusters)
    assert asked is not None
    assert len({clusters[position] for position in asked}) == 1


def test_a_plan_that_skips_every_sample_is_told():
    assert nothing_asked(10, PlanSpec(skip_samples=9)) is None
    assert nothing_asked(10, PlanSpec(skip_samples=10)) == (
        "found 10, expected fewer than the 10 samples of the eval set"
    )


def test_a_slice_with_samples_is_no_problem():
    assert empty_slice({"channel": "phone"}, Reach(in_set=3, asked=1), VALUES) is None


@pytest.mark.parametrize(
    ("slice_", "message"),
    [
        (
            {"channel": "fax"},
            "found no row where channel is fax, expected one of 'mail', 'phone' for 'channel'",
        ),
        (
            {"channel": "mail", "tier": "gold"},
            (
                "found no row where channel is mail and tier is gold, "
                "expected values that stand in one row"
            ),
        ),
        (
            {"region": "x"},
            "found no row where region is x, expected one of a column with values for 'region'",
        ),
    ],
)
def test_an_empty_slice_is_told_with_the_values_that_there_are(slice_, message):
    assert empty_slice(slice_, Reach(in_set=0, asked=0), VALUES) == message


def test_many_values_are_told_in_part():
    values = {"channel": [f"c{number:02}" for number in range(30)]}
    message = empty_slice({"channel": "fax"}, Reach(in_set=0, asked=0), values)
    assert message is not None
    assert "'c11' and 18 more for 'channel'" in message
    assert "c12" not in message


def test_a_slice_that_is_not_among_the_asked_is_told():
    message = empty_slice({"channel": "phone"}, Reach(in_set=12, asked=0), VALUES)
    assert message is not None
    assert "none of the 12 rows where channel is phone" in message
    assert "max_samples" in message


@pytest.mark.parametrize(
    ("criterion", "least"),
    [
        (line(threshold=0.80), 14),
        (line(threshold=0.85), 19),
        (line(threshold=0.85, alpha=0.01), 29),
        (line(Comparator.AT_MOST, 0.05), 59),
        (line(Comparator.WITHIN, 0.05), 59),
        (line(Comparator.AT_MOST, 2.0, metric="latency_p95_seconds"), 59),
        (line(Comparator.AT_MOST, 2.0, metric="latency_p99_seconds"), 299),
    ],
)
def test_the_fewest_flawless_samples_of_a_fixed_plan(criterion, least):
    assert least_samples(criterion, PLAN) == least


def test_fixed_and_sequential_counts_are_those_at_which_the_bounds_clear_the_bar():
    least = least_samples(line(), PLAN)
    assert least is not None
    assert clopper_pearson_lower(least, least, alpha=0.05) >= 0.85
    assert clopper_pearson_lower(least - 1, least - 1, alpha=0.05) < 0.85
    more = least_samples(line(), STOPPED)
    assert more is not None
    assert more > least
    assert anytime_rate_lower(more, more, alpha=0.05) >= 0.85 - 1e-9
    assert anytime_rate_lower(more - 1, more - 1, alpha=0.05) < 0.85


def test_a_margin_under_a_stop_rule_takes_more_than_for_a_fixed_n():
    margin = line(Comparator.WITHIN, 0.05)
    stopped, fixed = least_samples(margin, STOPPED), least_samples(margin, PLAN)
    assert stopped is not None
    assert fixed is not None
    assert stopped > fixed > log(1 / 0.05) / 0.06


@pytest.mark.parametrize(
    "criterion",
    [
        line(threshold=0.0),
        line(Comparator.AT_MOST, 1.0),
        line(Comparator.AT_MOST, 5.0, metric="cost_per_1k_usd"),
    ],
)
def test_some_lines_need_no_number_of_samples(criterion):
    assert least_samples(criterion, PLAN) is None


def test_required_lines_with_too_few_samples_are_found():
    bar = [line(), line(slice={"channel": "phone"}), line(threshold=0.9, advisory=True)]
    reaches = [Reach(in_set=40, asked=40), Reach(in_set=9, asked=9), Reach(in_set=40, asked=2)]
    assert too_few(bar, PLAN, reaches) == (TooFew(criterion=bar[1], asked=9, least=19),)
