import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.domain.intervals import bounded_mean_lower, clopper_pearson_lower, mean_upper
from evals.domain.pvalues import bounded_mean_p_above, mean_p_below, rate_p_above

BARS = st.floats(0.01, 0.99)
ALPHAS = st.floats(0.001, 0.5)


@pytest.mark.parametrize(
    ("passed", "total", "p"), [(45, 50, 0.2194), (93, 100, 0.0122), (180, 200, 0.0255)]
)
def test_a_rate_has_its_published_exact_p(passed, total, p):
    assert round(rate_p_above(passed, total, bar=0.85), 4) == p


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), BARS)
def test_a_rate_agrees_with_scipy(pair, bar):
    expected = stats.binomtest(*pair, bar, alternative="greater").pvalue
    assert rate_p_above(*pair, bar=bar) == pytest.approx(expected, abs=1e-6)


@given(
    st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), BARS, ALPHAS
)
def test_a_rate_is_significant_exactly_where_its_bound_clears_the_bar(pair, bar, alpha):
    p, low = rate_p_above(*pair, bar=bar), clopper_pearson_lower(*pair, alpha=alpha)
    if abs(low - bar) > 1e-9:
        assert (p <= alpha) == (low >= bar)


@given(st.floats(0, 1), st.integers(1, 500), BARS, ALPHAS)
def test_a_mean_is_significant_exactly_where_its_bound_clears_the_bar(mean, n, bar, alpha):
    p, low = bounded_mean_p_above(mean, n, bar=bar), bounded_mean_lower(mean, n, alpha=alpha)
    if abs(low - bar) > 1e-7:
        assert (p <= alpha) == (low >= bar)


def test_a_mean_at_the_ends_behaves():
    assert bounded_mean_p_above(0.5, 10, bar=0.5) == 1.0
    assert bounded_mean_p_above(0.5, 10, bar=0.0) == 0.0
    assert bounded_mean_p_above(1.0, 10, bar=0.9) == pytest.approx(0.9**10)


@given(st.floats(0, 10), st.floats(0.01, 5), st.integers(2, 99), st.floats(0, 10), ALPHAS)
def test_a_cost_is_significant_exactly_where_its_bound_keeps_the_bar(mean, sd, n, bar, alpha):
    p, high = mean_p_below(mean, sd, n, bar=bar), mean_upper(mean, sd, n, alpha=alpha)
    if abs(high - bar) > 1e-6:
        assert (p <= alpha) == (high <= bar)


def test_a_cost_without_spread_is_certain_and_without_figures_unknown():
    assert mean_p_below(1.0, 0.0, 9, bar=2.0) == 0.0
    assert mean_p_below(3.0, 0.0, 9, bar=2.0) == 1.0
    assert mean_p_below(1.0, None, 1, bar=2.0) == mean_p_below(1.0, 0.1, 1, bar=2.0) == 1.0


@pytest.mark.parametrize(("passed", "total", "bar"), [(0, 0, 0.5), (3, 2, 0.5), (1, 2, 2.0)])
def test_impossible_rates_are_refused(passed, total, bar):
    with pytest.raises(ValueError, match="need passed of total"):
        rate_p_above(passed, total, bar=bar)


@pytest.mark.parametrize(("mean", "n", "bar"), [(1.5, 5, 0.5), (0.5, 0, 0.5), (0.5, 5, -0.1)])
def test_impossible_means_are_refused(mean, n, bar):
    with pytest.raises(ValueError, match="need a mean"):
        bounded_mean_p_above(mean, n, bar=bar)
