import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evals.domain.pairedscores import mean_difference_interval, permutation_p
from tests.known import known

RNG = np.random.default_rng(6)


def test_few_differences_have_every_sign_tried():
    differences = [0.2, 0.1, 0.4, -0.1]
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1)
    means = (signs * (np.array(differences) + 0.05)[:, None]).mean(0)
    expected = np.mean(means >= np.mean(differences) + 0.05 - 1e-12)
    assert permutation_p(differences, margin=0.05, seed=1) == pytest.approx(expected)


def test_many_differences_agree_with_students_test():
    differences = RNG.normal(0.01, 0.2, 400)
    expected = stats.ttest_1samp(differences, -0.02, alternative="greater").pvalue
    assert permutation_p(differences, margin=0.02, seed=1) == pytest.approx(expected, abs=0.01)


def test_a_large_sample_has_students_interval():
    differences = RNG.normal(0.01, 0.2, 20_000)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    interval = known(mean_difference_interval(differences, seed=1))
    assert (interval.low, interval.high) == pytest.approx(expected)


def test_a_small_sample_has_the_bootstraps_interval():
    differences = RNG.normal(0.01, 0.2, 400)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    interval = known(mean_difference_interval(differences, seed=1))
    assert (interval.low, interval.high) == pytest.approx(expected, abs=0.003)
    assert interval == mean_difference_interval(differences, seed=1)


@pytest.mark.parametrize("differences", [[], [0.1], [0.1, 0.1, 0.1], [0.0] * 30])
def test_differences_without_spread_have_no_interval(differences):
    assert mean_difference_interval(differences, seed=1) is None


def test_one_difference_has_no_p_value_and_none_has_none():
    assert permutation_p([0.1], margin=0.0, seed=1) is None
    assert permutation_p([], margin=0.0, seed=1) is None


def test_two_alike_at_the_margin_are_no_evidence():
    assert permutation_p([-0.05] * 10, margin=0.05, seed=1) == 1.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_an_interval_is_ordered_or_unknown(differences):
    interval = mean_difference_interval(differences, seed=3)
    assert interval is None or -1.0001 <= interval.low <= interval.high <= 1.0001
