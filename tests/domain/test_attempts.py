from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.attempts import AttemptMetric, pass_all_k, pass_at_k
from evals.domain.trialtables import attempt_scores


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


def test_a_metric_of_attempts_is_known_by_its_name():
    assert AttemptMetric.of("pass@3") == AttemptMetric(k=3, is_all=False)
    assert AttemptMetric.of("pass^10") == AttemptMetric(k=10, is_all=True)
    for name in ("pass", "pass@", "pass@0", "pass@k", "pass_at_3", "exact_match", "pass@3 "):
        assert AttemptMetric.of(name) is None


def test_each_sample_has_one_figure_of_its_attempts():
    scores = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, np.nan, 0.0]])
    one, both = AttemptMetric(k=2, is_all=False), AttemptMetric(k=2, is_all=True)
    some = attempt_scores(scores, one)
    assert some[0].tolist() == pytest.approx([2 / 3] * 3)
    assert some[1].tolist() == [0.0] * 3
    assert np.isnan(some[2]).all()
    assert attempt_scores(np.ones((1, 3)), both)[0].tolist() == [1.0] * 3
    assert attempt_scores(scores[:2], both).tolist() == [[0.0] * 3, [0.0] * 3]
    with pytest.raises(ValueError, match="1 <= k <= n"):
        attempt_scores(scores[:, :1], one)
