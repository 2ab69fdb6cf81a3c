import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.domain.intervals import clopper_pearson_lower
from evals.domain.pvalues import rate_p_above

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


@pytest.mark.parametrize(("passed", "total", "bar"), [(0, 0, 0.5), (3, 2, 0.5), (1, 2, 2.0)])
def test_impossible_rates_are_refused(passed, total, bar):
    with pytest.raises(ValueError, match="need passed of total"):
        rate_p_above(passed, total, bar=bar)
