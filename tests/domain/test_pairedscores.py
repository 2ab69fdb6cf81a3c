import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evals.domain.pairedscores import mean_difference_interval
from tests.known import known

RNG = np.random.default_rng(6)


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


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_an_interval_is_ordered_or_unknown(differences):
    interval = mean_difference_interval(differences, seed=3)
    assert interval is None or -1.0001 <= interval.low <= interval.high <= 1.0001
