"""How many more samples are suggested, and the plan that asks about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.moresamples import elsewhere, in_whole_set, longer, rounded_up, suggested
from evals.domain.specs import PlanSpec

PLAN = PlanSpec(stop_early=True, seed=7, max_samples=100, alpha=0.01)


@pytest.mark.parametrize(
    ("samples", "said"), [(1, 1), (99, 99), (100, 100), (101, 110), (413, 420), (1234, 1300)]
)
def test_numbers_are_such_as_people_say(samples, said):
    assert rounded_up(samples) == said


@given(st.integers(1, 10**7))
def test_rounding_never_asks_for_less_and_hardly_for_more(samples):
    assert samples <= rounded_up(samples) <= samples * 1.1


@pytest.mark.parametrize(("needed", "said"), [(None, 250), (101, 110), (900, 250)])
def test_no_more_than_are_left_are_suggested(needed, said):
    assert suggested(needed, left=250) == said


@pytest.mark.parametrize(
    ("found", "read", "said"), [(100, 100, 10), (25, 100, 40), (0, 100, 1000), (30, 100, 34)]
)
def test_a_slice_takes_as_many_of_the_order_as_hold_it(found, read, said):
    assert in_whole_set(10, found=found, read=read) == said


@pytest.mark.parametrize(
    ("read", "more", "most"), [(100, 50, 150), (100, 5000, 400), (30, 20, 100)]
)
def test_a_longer_plan_goes_on_within_the_set_and_never_back(read, more, most):
    plan = longer(PLAN, read=read, more=more, size=400)
    assert plan.max_samples == most
    assert (plan.seed, plan.alpha, plan.stop_early, plan.skip_samples) == (7, 0.01, True, 0)


def test_a_longer_plan_of_all_samples_stays_one_of_all():
    assert longer(PlanSpec(), read=10, more=5, size=40).max_samples == 40


def test_a_plan_elsewhere_skips_what_was_used():
    plan = elsewhere(PlanSpec(seed=7, max_samples=100), used=100, samples=60)
    assert (plan.skip_samples, plan.max_samples, plan.seed) == (100, 60, 7)
