from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.betting import (
    BetPath,
    Scores,
    bet_interval,
    bet_lower,
    bet_upper,
    log_bet_above,
    log_bet_below,
)
from evals.domain.sequential import anytime_rate_lower, log_evidence_above

BARS = st.floats(0.02, 0.98)
SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def binary(passed, total):
    return Scores((0.0, 1.0), (total - passed, passed))


@pytest.mark.parametrize(
    ("passed", "total", "above"), [(45, 50, 0.9711), (47, 50, 3.9338), (93, 100, 8.7466)]
)
def test_on_0_and_1_betting_has_the_published_values(passed, total, above):
    assert round(exp(log_bet_above(binary(passed, total), bar=0.85)), 4) == above


@given(st.integers(1, 127).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), BARS)
def test_on_0_and_1_betting_is_the_closed_form(pair, bar):
    k, n = pair
    expected = float(log_evidence_above(k, n, bar=bar))
    assert log_bet_above(binary(k, n), bar=bar) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("k", "n"), [(870, 1000), (8_650, 10_000), (85_300, 100_000)])
def test_on_many_0_and_1_betting_stays_near_the_closed_form(k, n):
    expected = float(log_evidence_above(k, n, bar=0.85))
    assert log_bet_above(binary(k, n), bar=0.85) == pytest.approx(expected, abs=0.5)


def test_the_bets_average_all_shares():
    """The definition, by numerical integration over the share."""
    scores, bar = np.array([0.3, 0.9, 1.0, 0.7, 0.8, 0.2, 1.0]), 0.6
    shares = (np.arange(100_000) + 0.5) / 100_000
    wealth = np.prod(1 - shares[:, None] + shares[:, None] * scores / bar, axis=1).mean()
    assert log_bet_above(Scores.of(scores), bar=bar) == pytest.approx(log(wealth), abs=1e-6)


@given(SCORES, st.integers(1, 5), BARS)
def test_the_wealth_never_grows_on_average_at_the_bar(scores, steps, bar):
    """Whatever has come, a further score with mean `bar` leaves the mean wealth as it is."""
    low, high = bar * (1 - steps / 6), bar + (1 - bar) * steps / 7
    weight = (bar - low) / (high - low)
    now, up, down = (
        exp(log_bet_above(Scores.of([*scores, *more]), bar=bar)) for more in ([], [high], [low])
    )
    assert weight * up + (1 - weight) * down == pytest.approx(now, rel=1e-6)


@given(SCORES, BARS, st.randoms())
def test_the_order_of_the_scores_does_not_matter(scores, bar, random):
    other = list(scores)
    random.shuffle(other)
    ends = [BetPath(bar).extend(np.array(order))[-1] for order in (scores, other)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-9)
    assert ends[0] == pytest.approx(log_bet_above(Scores.of(scores), bar=bar), abs=1e-9)


@given(SCORES, BARS, BARS)
def test_a_higher_bar_has_no_more_evidence(scores, one, other):
    low, high = sorted((one, other))
    found = Scores.of(scores)
    assert log_bet_above(found, bar=high) <= log_bet_above(found, bar=low) + 1e-9


@given(SCORES, BARS)
def test_both_sides_are_never_proved_at_once(scores, bar):
    found = Scores.of(scores)
    assert min(log_bet_above(found, bar=bar), log_bet_below(found, bar=bar)) <= 1e-9


@given(SCORES, st.floats(0.5, 0.999))
def test_the_interval_holds_the_mean_and_mirrors(scores, confidence):
    found = Scores.of(scores)
    interval = bet_interval(found, confidence=confidence)
    mirror = bet_interval(found.mirrored(), confidence=confidence)
    assert 0 <= interval.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= interval.high <= 1
    assert (1 - mirror.high, 1 - mirror.low) == pytest.approx(
        (interval.low, interval.high), abs=1e-6
    )


@given(SCORES, st.integers(2, 6))
def test_more_scores_of_the_same_kind_never_loosen(scores, times):
    few = Scores.of(scores)
    many = few.scaled(times * few.n)
    assert bet_lower(few, alpha=0.05) <= bet_lower(many, alpha=0.05) + 1e-9
    assert bet_upper(few, alpha=0.05) >= bet_upper(many, alpha=0.05) - 1e-9


def test_on_0_and_1_the_bound_is_that_of_the_closed_form():
    expected = anytime_rate_lower(93, 100, alpha=0.05)
    assert bet_lower(binary(93, 100), alpha=0.05) == pytest.approx(expected, abs=1e-9)


def test_scores_that_hardly_vary_are_bounded_far_more_tightly_than_0_and_1():
    graded = bet_lower(Scores.of([0.88, 0.9, 0.92] * 20), alpha=0.05)
    assert graded > bet_lower(binary(54, 60), alpha=0.05) + 0.02


def test_the_extreme_bars_behave():
    ones = Scores.of([1.0] * 50)
    assert log_bet_above(ones, bar=1.0) == pytest.approx(0.0)
    assert log_bet_above(ones, bar=0.0) > 500
    assert log_bet_below(Scores.of([1.0] * 49 + [0.5]), bar=1.0) > 500
    assert bet_lower(Scores.of([0.0] * 5), alpha=0.05) == 0.0
    assert bet_upper(ones, alpha=0.05) == 1.0


def test_long_runs_are_worked_on_in_blocks():
    scores = np.random.default_rng(1).random(40_000)
    path = BetPath(0.49).extend(scores)
    assert path.shape == (40_000,)
    assert path[-1] == pytest.approx(log_bet_above(Scores.of(scores), bar=0.49), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "amounts"), [((), ()), ((0.5,), (0,)), ((1.5,), (1,)), ((0.5,), (-1,)), ((0.5,), ())]
)
def test_scores_out_of_range_or_none_are_refused(values, amounts):
    with pytest.raises(ValueError, match="need scores in"):
        Scores(values, amounts)


def test_a_bar_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"got bar 1\.5"):
        log_bet_above(Scores.of([0.5]), bar=1.5)


def test_an_alpha_out_of_range_is_refused():
    with pytest.raises(ValueError, match="got 5"):
        bet_lower(Scores.of([0.5]), alpha=5)
