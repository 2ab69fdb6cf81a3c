from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.attempts import majority_rate, pass_all_k, pass_at_k


@st.composite
def attempts(draw):
    n = draw(st.integers(1, 9))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


@given(attempts())
def test_both_are_the_shares_of_all_ways_to_draw_k_attempts(drawn):
    n, passed, k = drawn
    results = [True] * passed + [False] * (n - passed)
    draws = list(combinations(results, k))
    assert pass_at_k(n, passed, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_all_k(n, passed, k) == pytest.approx(sum(map(all, draws)) / len(draws))


def test_with_one_attempt_both_are_the_pass_rate():
    assert pass_at_k(5, 3, 1) == pass_all_k(5, 3, 1) == pytest.approx(0.6)


@pytest.mark.parametrize(("n", "passed", "k"), [(5, 6, 1), (5, -1, 1), (5, 2, 6), (5, 2, 0)])
def test_impossible_counts_are_refused(n, passed, k):
    with pytest.raises(ValueError, match="need 0 <= passed"):
        pass_at_k(n, passed, k)
    with pytest.raises(ValueError, match="need 0 <= passed"):
        pass_all_k(n, passed, k)


@pytest.mark.parametrize(("k", "rate"), [(1, 0.7), (3, 0.784), (5, 0.8369), (9, 0.9012)])
def test_a_majority_has_its_published_rate(k, rate):
    assert round(majority_rate(0.7, k), 4) == rate


@pytest.mark.parametrize(("rate", "k"), [(0.7, 2), (1.2, 3), (0.5, 0)])
def test_a_majority_needs_a_rate_and_an_odd_number(rate, k):
    with pytest.raises(ValueError, match="odd k"):
        majority_rate(rate, k)
