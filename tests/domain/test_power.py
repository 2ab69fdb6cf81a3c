import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.domain.power import (
    all_pass_samples,
    detectable_rate,
    fixed_samples,
    least_passes,
    passing_power,
    power_warning,
    resolution_sentence,
    tellable_gap,
    wald_samples,
)
from tests.known import known

BARS = st.floats(0.05, 0.95)


@pytest.mark.parametrize(
    ("bar", "rate", "samples"), [(0.85, 0.95, 52.2), (0.80, 0.90, 72.2), (0.85, 0.90, 243.2)]
)
def test_walds_floor_has_its_published_values(bar, rate, samples):
    assert round(wald_samples(bar, rate), 1) == samples


@pytest.mark.parametrize(("bar", "rate"), [(0.5, 0.5), (0.0, 0.5), (0.5, 1.0)])
def test_walds_floor_needs_two_rates(bar, rate):
    with pytest.raises(ValueError, match="need two different rates"):
        wald_samples(bar, rate)


@pytest.mark.parametrize(
    ("bar", "samples"), [(0.80, 14), (0.85, 19), (0.90, 29), (0.95, 59), (0.99, 299)]
)
def test_all_passing_proves_a_bar_from_so_many_samples_on(bar, samples):
    assert all_pass_samples(bar) == samples
    assert least_passes(samples, bar=bar) == samples
    assert least_passes(samples - 1, bar=bar) is None


def test_an_all_pass_bar_is_inside_0_to_1():
    with pytest.raises(ValueError, match="need a bar"):
        all_pass_samples(1.0)


def test_a_fixed_n_has_its_published_size():
    assert fixed_samples(0.85, 0.95, power=0.95) == 93


def test_the_size_is_the_first_with_that_power():
    found = known(fixed_samples(0.8, 0.9))
    powers = [passing_power(n, bar=0.8, rate=0.9) for n in range(1, found + 1)]
    assert powers[-1] >= 0.8 > max(powers[:-1])


@pytest.mark.parametrize(("bar", "rate"), [(0.85, 0.85), (0.9, 0.8), (0.85, 0.85005)])
def test_a_rate_that_hardly_exceeds_the_bar_has_no_size(bar, rate):
    assert fixed_samples(bar, rate) is None


def test_a_bar_of_0_is_proved_by_anything():
    assert passing_power(1, bar=0.0, rate=0.5) == 1.0
    assert fixed_samples(0.0, 0.5) == 1


@given(st.integers(1, 400), BARS, BARS)
def test_the_power_is_the_chance_to_clear_the_exact_bound(total, bar, rate):
    least = least_passes(total, bar=bar)
    expected = 0.0 if least is None else stats.binom.sf(least - 1, total, rate)
    assert passing_power(total, bar=bar, rate=rate) == pytest.approx(expected, abs=1e-6)


@given(st.integers(1, 400), BARS)
def test_the_detectable_rate_is_where_the_power_is_had(total, bar):
    rate = detectable_rate(total, bar=bar)
    if rate is None:
        assert bar**total > 0.05 * (1 - 1e-9)  # not even if every sample passed
    else:
        assert passing_power(total, bar=bar, rate=rate) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("total", "rate", "sentence"),
    [
        (180, 0.8, "With 180 rows you can tell ±6 points"),
        (9_000, 0.9, "With 9,000 rows you can tell ±0.6 points"),
        (6_500, 0.8, "With 6,500 rows you can tell ±1 point"),
        (1, 0.8, "With 1 row you can tell ±40 points"),
    ],
)
def test_what_rows_can_tell_is_said_in_words(total, rate, sentence):
    assert resolution_sentence(total, rate=rate) == sentence


@given(st.integers(1, 5000))
def test_more_rows_tell_more(total):
    assert tellable_gap(4 * total, rate=0.5) < tellable_gap(total, rate=0.5)


def test_an_underpowered_plan_is_told_before_it_starts():
    assert power_warning(10, bar=0.85) == (
        "10 rows can never prove 0.85: 19 rows, all passing, is the least"
    )
    assert power_warning(100, bar=0.85) == (
        "100 rows are few for 0.85: only a candidate whose true rate is 0.935 or more "
        "would pass in 80 % of the cases"
    )
    assert power_warning(500, bar=0.85) is None
