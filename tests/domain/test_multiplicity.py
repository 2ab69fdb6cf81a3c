from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import multitest

from evals.domain.multiplicity import (
    candidate_p,
    holm,
    holm_levels,
    stop_thresholds,
)
from evals.domain.specs import Comparator

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_holm_gives_the_published_values():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@settings(deadline=None, max_examples=15)
@given(P_VALUES)
def test_holm_agrees_with_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.2]))
def test_a_claim_holds_at_its_level_exactly_where_holm_lets_it(p_values, alpha):
    levels = holm_levels(p_values, alpha=alpha)
    held = [p <= level for p, level in zip(p_values, levels, strict=True)]
    assert held == [p <= alpha for p in holm(p_values)]


def test_the_levels_start_at_a_share_and_end_at_alpha():
    assert holm_levels([0.001, 0.02, 0.5, 0.9], alpha=0.06) == pytest.approx(
        (0.015, 0.02, 0.03, 0.03)
    )


def test_one_candidate_is_not_corrected():
    assert holm([0.04]) == (0.04,)
    assert holm([]) == ()


def test_a_p_value_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="need p-values"):
        holm([0.5, 1.2])


def test_a_candidate_is_as_sure_as_its_weakest_required_criterion():
    assert candidate_p([(0.01, 0.05), (0.04, 0.05)], alpha=0.05) == 0.04
    assert candidate_p([], alpha=0.05) == 1.0


def test_a_stricter_criterion_counts_as_so_many_times_harder():
    assert candidate_p([(0.01, 0.01), (0.02, 0.05)], alpha=0.05) == pytest.approx(0.05)
    assert candidate_p([(0.5, 0.01)], alpha=0.05) == 1.0


def test_go_needs_k_times_the_evidence_on_its_side_of_the_bar():
    least = stop_thresholds(Comparator.AT_LEAST, alpha=0.05, candidates=4)
    assert (exp(least.above), exp(least.below)) == pytest.approx((80, 20))
    most = stop_thresholds(Comparator.AT_MOST, alpha=0.05, candidates=4)
    assert (exp(most.above), exp(most.below)) == pytest.approx((20, 80))


@pytest.mark.parametrize(("alpha", "candidates"), [(0.0, 1), (1.0, 1), (0.05, 0)])
def test_thresholds_need_an_alpha_and_a_candidate(alpha, candidates):
    with pytest.raises(ValueError, match="need 0 < alpha < 1"):
        stop_thresholds(Comparator.AT_LEAST, alpha=alpha, candidates=candidates)
