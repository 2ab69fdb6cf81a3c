import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.domain.betpower import (
    all_pass_bet_samples,
    bet_margin,
    bet_margin_samples,
    bet_power,
    bet_samples,
    least_bet_passes,
)
from evals.domain.betting import Scores, log_bet_above
from evals.domain.power import fixed_samples, least_passes
from evals.domain.sequential import log_evidence_above
from tests.known import known


@settings(max_examples=40)
@given(st.integers(1, 300), st.floats(0.05, 0.95))
def test_the_least_passes_are_the_first_that_bring_the_evidence(total, bar):
    least = least_bet_passes(total, bar=bar)
    evidence = log_evidence_above(np.arange(total + 1), total, bar=bar)
    enough = np.flatnonzero(evidence >= np.log(20))
    assert least == (int(enough[0]) if len(enough) else None)
    exact = least_passes(total, bar=bar)
    assert least is None or (exact is not None and least >= exact)


@pytest.mark.parametrize("bar", [0.5, 0.85, 0.95])
def test_all_passing_brings_the_evidence_from_so_many_on(bar):
    found = known(all_pass_bet_samples(bar))
    assert least_bet_passes(found, bar=bar) == found
    assert least_bet_passes(found - 1, bar=bar) is None


def test_a_bet_takes_more_samples_than_an_exact_bound_read_once():
    found = known(bet_samples(0.85, 0.95))
    assert bet_power(found, bar=0.85, rate=0.95) >= 0.8
    assert found > known(fixed_samples(0.85, 0.95))


def test_a_bar_of_0_is_proved_by_a_few_and_a_tie_by_none():
    assert bet_power(500, bar=0.0, rate=0.5) == pytest.approx(1.0)
    assert bet_power(3, bar=0.9, rate=1.0) == 0.0
    assert bet_samples(0.85, 0.85) is None
    assert bet_samples(0.85, 0.850001) is None


def test_evidence_without_need_takes_no_pass():
    assert least_bet_passes(5, bar=0.5, alpha=1 - 1e-9) is not None
    assert bet_power(5, bar=0.5, rate=0.2, alpha=1.0 - 1e-16) <= 1.0


@pytest.mark.parametrize("discordance", [0.05, 0.15, 0.3])
def test_the_smallest_margin_of_a_bet_is_what_its_samples_show(discordance):
    samples = known(bet_margin_samples(0.05, discordance))
    assert bet_margin(samples, discordance) == pytest.approx(0.05, abs=5e-4)
    assert bet_margin(4 * samples, discordance) < 0.03


def test_four_fifths_of_equal_candidates_show_the_margin():
    samples, rng = known(bet_margin_samples(0.05, 0.15)), np.random.default_rng(3)
    drawn = rng.multinomial(samples, [0.075, 0.85, 0.075], size=600)
    shown = [
        log_bet_above(Scores((0.0, 0.5, 1.0), tuple(row.astype(float))), bar=0.475) >= np.log(20)
        for row in drawn
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.06)


def test_no_margin_at_all_is_never_shown():
    assert bet_margin_samples(0.0, 0.15) is None
