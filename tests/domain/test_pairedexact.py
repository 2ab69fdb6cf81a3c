from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evals.domain.paired import PairedTable
from evals.domain.pairedexact import (
    NUISANCE_ALPHA,
    exact_lower,
    exact_p_above,
    exact_p_below,
    exact_upper,
)


def table(won, lost, n):
    return PairedTable(both=n - won - lost, only_candidate=won, only_incumbent=lost, neither=0)


def tables(largest):
    return st.integers(1, largest).flatmap(
        lambda n: st.integers(0, n).flatmap(
            lambda won: st.integers(0, n - won).map(lambda lost: table(won, lost, n))
        )
    )


def chance_at_least(observed, difference, rate):
    """P(a score as high) over all tables, written out."""
    n, won, lost = observed.n, (rate + difference) / 2, (rate - difference) / 2
    z = observed.score(difference)
    total = 0.0
    for b in range(n + 1):
        for c in range(n - b + 1):
            if table(b, c, n).score(difference) >= z - 1e-9:
                ways = comb(n, b) * comb(n - b, c)
                total += ways * won**b * lost**c * (1 - rate) ** (n - b - c)
    return total


@pytest.mark.parametrize(("won", "lost", "n", "margin"), [(6, 9, 100, 0.10), (2, 3, 30, 0.2)])
def test_the_exact_p_is_near_tangos_where_that_is_good(won, lost, n, margin):
    observed = table(won, lost, n)
    assert exact_p_above(observed, -margin) == pytest.approx(
        observed.noninferiority_p(margin), abs=0.01
    )


def test_the_published_table_passes_at_its_margin_exactly_too():
    assert 0.0462 < exact_p_above(table(6, 9, 100), -0.10) <= 0.05


@settings(max_examples=40, deadline=None)
@given(tables(12), st.sampled_from([-0.3, -0.1, 0.0, 0.2]), st.floats(0.05, 0.95))
def test_no_rate_of_discordance_in_reach_has_a_larger_chance(observed, difference, share):
    found = observed.only_candidate + observed.only_incumbent
    low, high = stats.binomtest(found, observed.n).proportion_ci(1 - NUISANCE_ALPHA)
    low, high = max(low, abs(difference), 1e-9), max(high, abs(difference), 1e-9)
    rate = low + share * (high - low)
    worst = exact_p_above(observed, difference)
    assert chance_at_least(observed, difference, rate) <= worst + 0.01


def size(n, margin, rate, *, alpha=0.05):
    """How often a tie at the margin passes, over all tables."""
    won, lost, total = (rate - margin) / 2, (rate + margin) / 2, 0.0
    for b in range(n + 1):
        for c in range(n - b + 1):
            chance = comb(n, b) * comb(n - b, c) * won**b * lost**c * (1 - rate) ** (n - b - c)
            if chance > 1e-6 and exact_p_above(table(b, c, n), -margin) <= alpha:
                total += chance
    return total


@pytest.mark.parametrize("rate", [0.1001, 0.2, 0.5])
def test_ties_at_the_margin_pass_in_at_most_alpha_of_the_cases(rate):
    assert size(25, 0.10, rate) <= 0.05


@settings(max_examples=30, deadline=None)
@given(tables(80))
def test_the_bounds_hold_the_difference_and_mirror(observed):
    low, high = exact_lower(observed, 0.05), exact_upper(observed, 0.05)
    assert -1 <= low <= observed.difference <= high <= 1
    assert exact_upper(observed.mirrored(), 0.05) == -low


@settings(max_examples=20, deadline=None)
@given(tables(80), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_bound_is_where_the_test_stops_rejecting(observed, alpha):
    low = exact_lower(observed, alpha)
    if low > -0.999:
        assert exact_p_above(observed, low - 1e-6) <= alpha + 0.002


def test_a_large_table_is_judged_as_tango_judges_it():
    observed = table(150, 190, 3000)
    low = exact_lower(observed, 0.05)
    assert low == pytest.approx(observed.interval(0.9).low, abs=2e-4)


def test_with_very_many_discordant_samples_the_test_is_tangos():
    observed = table(1_500, 1_600, 20_000)
    assert exact_p_above(observed, -0.01) == pytest.approx(observed.noninferiority_p(0.01))


def test_the_other_side_is_the_mirror():
    observed = table(3, 9, 60)
    assert exact_p_below(observed, 0.05) == exact_p_above(observed.mirrored(), -0.05)


def test_all_discordant_and_none_behave():
    assert 0 < exact_lower(table(10, 0, 10), 0.05) < 1
    assert -1 < exact_lower(table(0, 0, 10), 0.05) < 0
    assert exact_lower(table(0, 10, 10), 0.05) == -1.0


def test_without_shared_samples_nothing_is_known():
    empty = table(0, 0, 0)
    assert (exact_lower(empty, 0.05), exact_upper(empty, 0.05)) == (-1.0, 1.0)
    with pytest.raises(ValueError, match="need shared samples"):
        exact_p_above(empty, -0.05)


@pytest.mark.parametrize("difference", [-1.0, 1.0])
def test_a_difference_at_the_end_is_refused(difference):
    with pytest.raises(ValueError, match="need shared samples"):
        exact_p_above(table(1, 1, 5), difference)


def test_where_it_matters_p_values_rise_with_the_difference():
    observed = table(6, 9, 100)
    p = np.array([exact_p_above(observed, d) for d in np.linspace(-0.25, -0.06, 200)])
    assert p[0] < 0.001
    assert p[-1] > 0.2
    assert np.all(np.diff(p) > -0.005)
