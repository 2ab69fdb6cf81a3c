from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from evals.domain.intervals import clopper_pearson_lower
from evals.domain.sequential import (
    RatePath,
    anytime_rate_interval,
    anytime_rate_lower,
    anytime_rate_upper,
    log_evidence_above,
    log_evidence_below,
)

RNG = np.random.default_rng(4)
BARS = st.floats(0.01, 0.99)
ALPHAS = st.floats(0.001, 0.4)


def counts(largest=2000):
    return st.integers(1, largest).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def integrated(k, n, t):
    """The log of the likelihood ratio averaged over (t, 1), by numerical integration."""

    def log_ratio(q):
        return k * log(q / t) + (n - k) * (log(1 - q) - log(1 - t))

    peak = min(max(k / n, t), 1 - 1e-9)
    total, _ = integrate.quad(
        lambda q: exp(log_ratio(q) - log_ratio(peak)), t, 1, points=[peak], limit=500, epsabs=0
    )
    return log(total / (1 - t)) + log_ratio(peak)


@pytest.mark.parametrize(
    ("passed", "total", "above"), [(45, 50, 0.9711), (47, 50, 3.9338), (93, 100, 8.7466)]
)
def test_the_evidence_has_its_published_values(passed, total, above):
    assert round(exp(log_evidence_above(passed, total, bar=0.85)), 4) == above


def test_the_evidence_against_the_bar_is_small_where_that_for_it_is_near_1():
    assert round(exp(log_evidence_below(45, 50, bar=0.85)), 4) == 0.0437


@pytest.mark.parametrize("bar", [0.05, 0.5, 0.85, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 7), (7, 7), (30, 60), (190, 200), (400, 500)])
def test_the_closed_form_agrees_with_the_integral(k, n, bar):
    assert log_evidence_above(k, n, bar=bar) == pytest.approx(integrated(k, n, bar), abs=1e-6)


@pytest.mark.parametrize(("k", "n"), [(300_000, 1_000_000), (840_000, 1_000_000), (0, 400_000)])
def test_far_below_the_bar_the_evidence_is_that_of_an_exponential_tail(k, n):
    """There the integrand falls from the bar on as exp(-slope q), and 1/slope is the integral."""
    t = 0.85
    slope = (n - k) / (1 - t) - k / t
    curvature = k / t**2 + (n - k) / (1 - t) ** 2
    expected = log(1 / (slope * (1 - t))) + log(1 - curvature / slope**2)
    assert log_evidence_above(k, n, bar=t) == pytest.approx(expected, abs=1e-4)


def test_both_ways_to_compute_a_tail_meet():
    """Where the tail of the Beta distribution leaves the floats, nothing jumps."""
    k = np.arange(16_400, 17_000)
    evidence = log_evidence_above(k, np.full(len(k), 20_000), bar=0.85)
    assert np.all(np.abs(np.diff(np.diff(evidence))) < 0.002)


def test_a_million_samples_keep_their_digits():
    evidence = log_evidence_above(900_000, 1_000_000, bar=0.85)
    divergence = 0.9 * log(0.9 / 0.85) + 0.1 * log(0.1 / 0.15)
    laplace = 0.5 * log(2 * np.pi * 0.9 * 0.1 / 1e6) - log(0.15)
    assert evidence == pytest.approx(1e6 * divergence + laplace, abs=1e-4)


def test_a_bar_of_1_is_never_proved_and_one_failure_disproves_it():
    assert log_evidence_above(50, 50, bar=1.0) == pytest.approx(0.0)
    assert log_evidence_above(49, 50, bar=1.0) == pytest.approx(-log(2))
    assert log_evidence_below(49, 50, bar=1.0) > 500
    assert log_evidence_below(50, 50, bar=1.0) == pytest.approx(-log(51))


def test_a_bar_of_0_is_proved_by_one_pass():
    assert log_evidence_above(1, 50, bar=0.0) > 500
    assert log_evidence_above(0, 50, bar=0.0) == pytest.approx(-log(51))


@pytest.mark.parametrize(("passed", "total", "bar"), [(-1, 5, 0.5), (6, 5, 0.5), (3, 5, 1.5)])
def test_impossible_counts_and_bars_are_refused(passed, total, bar):
    with pytest.raises(ValueError, match="need 0 <= passed"):
        log_evidence_above(passed, total, bar=bar)


@given(counts(200), BARS)
def test_the_evidence_never_grows_on_average_at_the_bar(pair, bar):
    """The law that makes reading at any time valid: a fair game."""
    k, n = pair
    now = float(log_evidence_above(k, n, bar=bar))
    won = exp(log_evidence_above(k + 1, n + 1, bar=bar) - now)
    lost = exp(log_evidence_above(k, n + 1, bar=bar) - now)
    assert bar * won + (1 - bar) * lost == pytest.approx(1, rel=1e-6)


@given(counts(), BARS)
def test_evidence_for_one_side_is_evidence_against_the_other(pair, bar):
    k, n = pair
    both = float(log_evidence_above(k, n, bar=bar)), float(log_evidence_below(k, n, bar=bar))
    assert min(both) <= 1e-9


@given(counts(), BARS, BARS)
def test_a_higher_bar_has_no_more_evidence(pair, one, other):
    low, high = sorted((one, other))
    weak, strong = (log_evidence_above(*pair, bar=bar) for bar in (high, low))
    assert weak <= strong + 1e-7


@given(counts(), ALPHAS)
def test_the_anytime_bounds_hold_the_rate_and_are_wider_than_the_exact_ones(pair, alpha):
    k, n = pair
    low, high = anytime_rate_lower(k, n, alpha=alpha), anytime_rate_upper(k, n, alpha=alpha)
    assert 0 <= low <= k / n <= high <= 1
    assert low <= clopper_pearson_lower(k, n, alpha=alpha) + 1e-9


@given(counts(), ALPHAS)
def test_the_bounds_are_where_the_evidence_reaches_one_over_alpha(pair, alpha):
    low = anytime_rate_lower(*pair, alpha=alpha)
    if low > 0:
        assert log_evidence_above(*pair, bar=low) == pytest.approx(log(1 / alpha), abs=1e-6)


@given(counts(300), st.integers(2, 5), ALPHAS)
def test_more_samples_of_the_same_kind_never_loosen_the_bound(pair, times, alpha):
    k, n = pair
    few = anytime_rate_lower(k, n, alpha=alpha)
    assert few - 1e-9 <= anytime_rate_lower(times * k, times * n, alpha=alpha)


def test_the_two_sided_interval_has_half_the_doubt_on_each_side():
    interval = anytime_rate_interval(850, 1000)
    assert interval.low == pytest.approx(anytime_rate_lower(850, 1000, alpha=0.025))
    assert interval.high == pytest.approx(anytime_rate_upper(850, 1000, alpha=0.025))
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.8097, 0.8893)


def test_without_any_pass_the_lower_bound_is_0():
    assert anytime_rate_lower(0, 9, alpha=0.05) == 0.0
    assert anytime_rate_upper(9, 9, alpha=0.05) == 1.0


@pytest.mark.parametrize(("passed", "total", "alpha"), [(0, 0, 0.05), (3, 2, 0.05), (1, 2, 1.0)])
def test_a_bound_of_nothing_is_refused(passed, total, alpha):
    with pytest.raises(ValueError, match="need passed of total"):
        anytime_rate_lower(passed, total, alpha=alpha)


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=70), st.integers(0, 70), BARS)
def test_a_path_is_the_evidence_after_each_sample_however_it_is_cut(scores, cut, bar):
    path, whole = RatePath(bar), np.array(scores)
    parts = np.concatenate([path.extend(whole[:cut]), path.extend(whole[cut:])])
    passed = np.cumsum(whole)
    assert parts == pytest.approx(
        log_evidence_above(passed, np.arange(1, len(scores) + 1), bar=bar), abs=1e-9
    )


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=90), BARS, st.floats(-3, 3))
def test_a_floor_hides_only_what_does_not_exceed_it(scores, bar, floor):
    exact = RatePath(bar).extend(np.array(scores))
    floored = RatePath(bar).extend(np.array(scores), floor=floor)
    assert np.maximum(exact, floor) == pytest.approx(np.maximum(floored, floor), abs=1e-9)
    assert np.all((floored == floor) | (np.abs(floored - exact) < 1e-9))


def test_no_floor_is_no_shortcut():
    assert RatePath(0.5).extend(np.empty(0), floor=-inf).shape == (0,)
