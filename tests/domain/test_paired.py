from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.paired import PairedTable
from tests.known import known

Z = NormalDist().inv_cdf(0.975)


def table(won, lost, n):
    rest = n - won - lost
    return PairedTable(
        both=rest // 2, only_candidate=won, only_incumbent=lost, neither=rest - rest // 2
    )


@st.composite
def tables(draw):
    cells = [draw(st.integers(0, 400)) for _ in range(4)]
    cells[0] += not sum(cells)
    return PairedTable(
        both=cells[0], only_candidate=cells[1], only_incumbent=cells[2], neither=cells[3]
    )


def test_tango_gives_the_published_score_and_interval():
    shared = table(won=6, lost=9, n=100)
    assert shared.difference == -0.03
    assert round(shared.score(-0.10), 4) == 1.6827
    assert round(1 - NormalDist().cdf(shared.score(-0.10)), 4) == 0.0462
    interval = shared.interval()
    assert (round(interval.low, 4), round(interval.high, 4)) == (-0.1130, 0.0502)


def test_at_no_difference_the_score_is_mcnemars():
    assert table(won=6, lost=9, n=100).score(0.0) == pytest.approx((6 - 9) / 15**0.5)


def test_samples_on_which_both_always_agree_still_leave_room_for_a_difference():
    interval = table(won=0, lost=0, n=10).interval()
    assert interval.high == pytest.approx(Z**2 / (10 + Z**2), abs=1e-9)
    assert interval.low == pytest.approx(-interval.high, abs=1e-9)


def test_all_wins_or_all_losses_keep_the_open_end():
    won, lost = table(won=10, lost=0, n=10).interval(), table(won=0, lost=10, n=10).interval()
    assert won.high == 1.0
    assert 0 < won.low < 1
    assert (lost.low, lost.high) == pytest.approx((-won.high, -won.low), abs=1e-9)


def test_without_shared_samples_nothing_is_known():
    empty = table(won=0, lost=0, n=0)
    assert empty.n == 0
    assert empty.difference is None
    assert empty.interval() is None


def test_a_hypothesis_without_room_for_chance_is_refuted_by_one_sample():
    shared = table(won=1, lost=0, n=10)
    assert shared.score(-1.0) == float("inf")
    assert shared.score(1.0) == float("-inf")
    assert table(won=0, lost=0, n=10).score(0.0) == 0.0


@pytest.mark.parametrize("difference", [-1.5, 1.5])
def test_a_difference_that_cannot_be_is_refused(difference):
    with pytest.raises(ValueError, match=f"got {difference}"):
        table(won=1, lost=1, n=5).score(difference)


def test_a_score_without_shared_samples_is_refused():
    with pytest.raises(ValueError, match="need shared samples"):
        table(won=0, lost=0, n=0).score(0.0)


def test_a_confidence_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="need 0 < confidence < 1, got 95"):
        table(won=1, lost=1, n=5).interval(95)


@given(tables(), st.floats(0.5, 0.999))
def test_the_interval_holds_the_difference_and_stays_in_range(shared, confidence):
    interval = shared.interval(confidence)
    assert -1 <= interval.low <= shared.difference <= interval.high <= 1


@given(tables())
def test_the_ends_are_where_the_score_test_stops_rejecting(shared):
    interval = shared.interval()
    if interval.low > -1:
        assert shared.score(interval.low) == pytest.approx(Z, abs=1e-5)
    if interval.high < 1:
        assert shared.score(interval.high) == pytest.approx(-Z, abs=1e-5)


@given(tables())
def test_exchanging_the_two_candidates_mirrors_the_interval(shared):
    other = PairedTable(
        both=shared.both,
        only_candidate=shared.only_incumbent,
        only_incumbent=shared.only_candidate,
        neither=shared.neither,
    )
    ours, theirs = known(shared.interval()), known(other.interval())
    assert (ours.low, ours.high) == pytest.approx((-theirs.high, -theirs.low), abs=1e-9)


@given(tables(), st.integers(2, 9))
def test_more_samples_of_the_same_kind_never_widen(shared, times):
    larger = PairedTable(
        both=times * shared.both,
        only_candidate=times * shared.only_candidate,
        only_incumbent=times * shared.only_incumbent,
        neither=times * shared.neither,
    )
    few, many = known(shared.interval()), known(larger.interval())
    assert few.low - 1e-9 <= many.low
    assert many.high <= few.high + 1e-9


@given(tables(), st.floats(-0.99, 0.99), st.floats(-0.99, 0.99))
def test_a_larger_claim_never_scores_higher(shared, one, other):
    smaller, larger = sorted((one, other))
    assert shared.score(larger) <= shared.score(smaller) + 1e-9


def test_the_p_value_of_noninferiority_is_the_published_one():
    assert round(table(won=6, lost=9, n=100).noninferiority_p(0.10), 4) == 0.0462


@given(tables(), st.floats(0, 0.99))
def test_noninferiority_is_significant_where_the_interval_clears_the_margin(shared, margin):
    low = known(shared.interval(0.9)).low
    if abs(low + margin) > 1e-6:
        assert (shared.noninferiority_p(margin) < 0.05) == (low > -margin)


@pytest.mark.parametrize("margin", [-0.1, 1.5])
def test_a_margin_outside_0_to_1_is_refused(margin):
    with pytest.raises(ValueError, match="need 0 <= margin"):
        table(won=1, lost=1, n=5).noninferiority_p(margin)


def test_without_shared_samples_the_lower_bound_is_the_lowest():
    assert table(won=0, lost=0, n=0).bound_below(1.6) == -1.0
