from math import ceil, log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from evals.domain.intervals import (
    Ranks,
    bounded_mean_interval,
    bounded_mean_lower,
    bounded_mean_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
    mean_lower,
    mean_upper,
    probability_at_least,
    quantile_interval,
    wilson_interval,
)

CLOSE = 1e-9
GRID = [(k, n) for n in (1, 2, 7, 50, 333) for k in {0, 1, n // 3, n - 1, n}]

alphas = st.floats(0.001, 0.5)
means = st.floats(0, 1)


@st.composite
def rates(draw):
    total = draw(st.integers(1, 3000))
    return draw(st.integers(0, total)), total


@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [(17, 20, 0.6396, 0.9476), (45, 50, 0.7864, 0.9565), (170, 200, 0.7939, 0.8929)],
)
def test_wilson_gives_the_published_figures(passed, total, low, high):
    interval = wilson_interval(passed, total)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_wilson_agrees_with_newcombe_table_1():
    interval = wilson_interval(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [(17, 20, 0.6211, 0.9679), (45, 50, 0.7819, 0.9667), (170, 200, 0.7928, 0.8965)],
)
def test_clopper_pearson_gives_the_published_figures(passed, total, low, high):
    assert round(clopper_pearson_lower(passed, total, alpha=0.025), 4) == low
    assert round(clopper_pearson_upper(passed, total, alpha=0.025), 4) == high


@pytest.mark.parametrize(
    ("passed", "total", "lower", "probability", "p_value"),
    [
        (45, 50, 0.8012, 0.7967, 0.2194),
        (93, 100, 0.8725, 0.9890, 0.0122),
        (180, 200, 0.8580, 0.9761, 0.0255),
    ],
)
def test_the_gate_and_the_words_at_a_bar_of_85_per_cent(passed, total, lower, probability, p_value):
    assert round(clopper_pearson_lower(passed, total, alpha=0.05), 4) == lower
    assert round(probability_at_least(passed, total, 0.85), 4) == probability
    exact = stats.binomtest(passed, total, 0.85, alternative="greater").pvalue
    assert round(exact, 4) == p_value
    assert clopper_pearson_lower(passed, total, alpha=exact) == pytest.approx(0.85, abs=CLOSE)


@pytest.mark.parametrize(
    ("bar", "smallest"), [(0.80, 14), (0.85, 19), (0.90, 29), (0.95, 59), (0.99, 299)]
)
def test_all_passes_prove_a_bar_from_the_published_n_on(bar, smallest):
    assert smallest == ceil(log(0.05) / log(bar))
    for n, proves in ((smallest, True), (smallest - 1, False)):
        assert (clopper_pearson_lower(n, n, alpha=0.05) >= bar) is proves
        assert (bounded_mean_lower(1.0, n, alpha=0.05) >= bar) is proves


@pytest.mark.parametrize(("passed", "total"), GRID)
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_rates_agree_with_scipy(passed, total, confidence):
    judge = stats.binomtest(passed, total)
    wilson = judge.proportion_ci(confidence, method="wilson")
    exact = judge.proportion_ci(confidence, method="exact")
    tail = (1 - confidence) / 2
    ours = wilson_interval(passed, total, confidence=confidence)
    assert (ours.low, ours.high) == pytest.approx((wilson.low, wilson.high), abs=CLOSE)
    lower = clopper_pearson_lower(passed, total, alpha=tail)
    upper = clopper_pearson_upper(passed, total, alpha=tail)
    assert (lower, upper) == pytest.approx((exact.low, exact.high), abs=CLOSE)


@pytest.mark.parametrize(("passed", "total"), GRID)
def test_the_probability_agrees_with_scipy(passed, total):
    posterior = stats.beta(passed + 1, total - passed + 1)
    expected = posterior.sf(0.85)
    assert probability_at_least(passed, total, 0.85) == pytest.approx(expected, abs=CLOSE)


@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_mean_bounds_agree_with_scipy(n):
    high = stats.t.ppf(0.95, n - 1, loc=2.5, scale=0.7 / n**0.5)
    low = stats.t.ppf(0.05, n - 1, loc=2.5, scale=0.7 / n**0.5)
    assert mean_upper(2.5, 0.7, n, alpha=0.05) == pytest.approx(high, abs=CLOSE)
    assert mean_lower(2.5, 0.7, n, alpha=0.05) == pytest.approx(low, abs=CLOSE)


@pytest.mark.parametrize("n", [0, 1])
def test_below_two_values_a_mean_has_no_bound(n):
    assert mean_upper(2.5, 0.0, n, alpha=0.05) is None
    assert mean_lower(2.5, 0.0, n, alpha=0.05) is None


@given(means, st.integers(1, 5000), alphas)
def test_hoeffdings_inequality_is_met_with_equality_at_its_bound(mean, n, alpha):
    low = bounded_mean_lower(mean, n, alpha=alpha)
    assume(low > 1e-9)
    divergence = stats.entropy([mean, 1 - mean], [low, 1 - low])
    assert n * divergence == pytest.approx(-log(alpha), rel=1e-6)


@given(rates(), alphas)
def test_hoeffdings_bounds_hold_the_exact_ones_between_them(rate, alpha):
    passed, total = rate
    mean = passed / total
    exact = clopper_pearson_lower(passed, total, alpha=alpha)
    assert bounded_mean_lower(mean, total, alpha=alpha) <= exact + CLOSE
    exact = clopper_pearson_upper(passed, total, alpha=alpha)
    assert bounded_mean_upper(mean, total, alpha=alpha) >= exact - CLOSE


@given(rates(), alphas)
def test_every_bound_stays_on_its_side_and_in_0_to_1(rate, alpha):
    passed, total = rate
    mean = passed / total
    confidence = 1 - alpha
    shown = wilson_interval(passed, total, confidence=confidence)
    wide = bounded_mean_interval(mean, total, confidence=confidence)
    for interval in (shown, wide):
        assert 0 <= interval.low <= mean + CLOSE
        assert mean - CLOSE <= interval.high <= 1
    assert 0 <= clopper_pearson_lower(passed, total, alpha=alpha) <= mean + CLOSE
    assert mean - CLOSE <= clopper_pearson_upper(passed, total, alpha=alpha) <= 1


@given(rates(), alphas, st.integers(2, 9))
def test_more_samples_at_the_same_rate_never_widen(rate, alpha, times):
    passed, total = rate
    more = times * passed, times * total
    few, many = wilson_interval(*rate), wilson_interval(*more)
    assert few.low - CLOSE <= many.low
    assert many.high <= few.high + CLOSE
    low, high = clopper_pearson_lower(*rate, alpha=alpha), clopper_pearson_upper(*rate, alpha=alpha)
    assert low - CLOSE <= clopper_pearson_lower(*more, alpha=alpha)
    assert clopper_pearson_upper(*more, alpha=alpha) <= high + CLOSE


@given(means, st.integers(1, 5000), alphas, st.integers(2, 9))
def test_more_graded_samples_at_the_same_mean_never_widen(mean, n, alpha, times):
    low, high = bounded_mean_lower(mean, n, alpha=alpha), bounded_mean_upper(mean, n, alpha=alpha)
    assert low - CLOSE <= bounded_mean_lower(mean, times * n, alpha=alpha)
    assert bounded_mean_upper(mean, times * n, alpha=alpha) <= high + CLOSE


@given(rates(), alphas)
def test_one_more_pass_never_lowers_a_bound(rate, alpha):
    passed, total = rate
    assume(passed < total)
    for bound in (clopper_pearson_lower, clopper_pearson_upper):
        assert bound(passed, total, alpha=alpha) <= bound(passed + 1, total, alpha=alpha)
    few, many = wilson_interval(passed, total), wilson_interval(passed + 1, total)
    assert few.low <= many.low
    assert few.high <= many.high
    mean, better = passed / total, (passed + 1) / total
    for wide in (bounded_mean_lower, bounded_mean_upper):
        assert wide(mean, total, alpha=alpha) <= wide(better, total, alpha=alpha) + CLOSE


@given(rates(), st.floats(0, 1))
def test_passes_and_failures_mirror_each_other(rate, threshold):
    passed, total = rate
    mirrored = 1 - clopper_pearson_upper(total - passed, total, alpha=0.05)
    assert clopper_pearson_lower(passed, total, alpha=0.05) == pytest.approx(mirrored, abs=CLOSE)
    against = 1 - probability_at_least(total - passed, total, 1 - threshold)
    assert probability_at_least(passed, total, threshold) == pytest.approx(against, abs=CLOSE)


def test_all_and_none_have_honest_intervals():
    assert wilson_interval(0, 10).low == 0
    assert wilson_interval(0, 10).high == pytest.approx(0.2775, abs=1e-4)
    assert wilson_interval(10, 10).high == 1
    none, every = bounded_mean_interval(0.0, 10), bounded_mean_interval(1.0, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 1 - 0.025**0.1), abs=CLOSE)
    assert (every.low, every.high) == pytest.approx((0.025**0.1, 1.0), abs=CLOSE)


@pytest.mark.parametrize("mean", [5e-324, 1e-300, 1e-9, 1 - 1e-12])
@pytest.mark.parametrize("n", [0.5, 1, 10**7])
def test_a_mean_at_the_edge_of_what_a_float_holds_keeps_its_bounds(mean, n):
    low, high = bounded_mean_lower(mean, n, alpha=0.05), bounded_mean_upper(mean, n, alpha=0.05)
    assert 0 <= low <= mean <= high <= 1


@pytest.mark.parametrize(("n", "q"), [(20, 0.5), (100, 0.5), (100, 0.95), (500, 0.99), (72, 0.95)])
def test_quantile_ranks_are_the_tightest_that_their_tails_allow(n, q):
    low, high = quantile_interval(n, q)
    below = stats.binom(n, q)
    if low is not None:
        assert below.cdf(low - 1) <= 0.025 < below.cdf(low)
    if high is not None:
        assert below.sf(high - 1) <= 0.025 < below.sf(high - 2)


def test_the_median_of_a_hundred_lies_between_the_40th_and_the_61st():
    assert quantile_interval(100, 0.5) == (40, 61)


@pytest.mark.parametrize(("q", "smallest"), [(0.95, 72), (0.99, 368)])
def test_a_high_quantile_has_no_upper_rank_until_n_is_large_enough(q, smallest):
    assert quantile_interval(smallest - 1, q).high is None
    assert quantile_interval(smallest, q).high == smallest


def test_no_samples_bound_no_quantile():
    assert quantile_interval(0, 0.5) == Ranks(None, None)


@given(st.integers(1, 2000), st.floats(0.01, 0.99), st.floats(0.5, 0.999))
def test_quantile_ranks_cover_with_the_confidence_asked_for(n, q, confidence):
    low, high = quantile_interval(n, q, confidence)
    missed_below = stats.binom.cdf(low - 1, n, q) if low else 0
    missed_above = stats.binom.sf(high - 1, n, q) if high else 0
    assert missed_below + missed_above <= 1 - confidence + CLOSE
    assert low is None or 1 <= low <= n
    assert high is None or (low or 1) <= high <= n


@pytest.mark.parametrize(("passed", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_a_rate_that_cannot_be_is_refused_with_what_was_found(passed, total):
    message = f"got {passed}/{total}"
    for rate in (wilson_interval, lambda k, n: probability_at_least(k, n, 0.5)):
        with pytest.raises(ValueError, match=message):
            rate(passed, total)
    for bound in (clopper_pearson_lower, clopper_pearson_upper):
        with pytest.raises(ValueError, match=message):
            bound(passed, total, alpha=0.05)


@pytest.mark.parametrize(("mean", "n"), [(-0.1, 5), (1.1, 5), (0.5, 0)])
def test_a_mean_that_cannot_be_is_refused_with_what_was_found(mean, n):
    with pytest.raises(ValueError, match=f"got mean {mean}, n {n}"):
        bounded_mean_lower(mean, n, alpha=0.05)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_outside_0_to_1_is_refused(level):
    calls = [
        lambda: wilson_interval(1, 2, confidence=level),
        lambda: bounded_mean_interval(0.5, 2, confidence=level),
        lambda: clopper_pearson_lower(1, 2, alpha=level),
        lambda: clopper_pearson_upper(1, 2, alpha=level),
        lambda: bounded_mean_upper(0.5, 2, alpha=level),
        lambda: mean_upper(1.0, 1.0, 5, alpha=level),
        lambda: quantile_interval(5, 0.5, level),
        lambda: quantile_interval(5, level),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"got {level}"):
            call()


def test_impossible_spreads_thresholds_and_sizes_are_refused():
    with pytest.raises(ValueError, match="need sd >= 0, got -1"):
        mean_upper(1.0, -1.0, 5, alpha=0.05)
    with pytest.raises(ValueError, match="need 0 <= threshold <= 1, got 85"):
        probability_at_least(1, 2, 85)
    with pytest.raises(ValueError, match="need n >= 0, got -1"):
        quantile_interval(-1, 0.5)
