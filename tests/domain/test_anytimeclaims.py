from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.domain.anytimeclaims import (
    BettingClaim,
    ScaledClaim,
    SequentialRateClaim,
    scaled,
)
from evals.domain.betting import Scores
from evals.domain.claims import Levels, RateClaim
from evals.domain.paired import PairedTable
from evals.domain.pairedclaims import PairedClaim
from evals.domain.pairedexact import exact_lower, exact_upper
from evals.domain.sequential import anytime_rate_lower, log_evidence_above
from tests.known import known

FIVE = Levels(low=0.05, high=0.05)


def rate(least, most, n, levels=FIVE):
    return SequentialRateClaim(least=least, most=most, n=n, levels=levels)


def bet(least, most=None, **options):
    low = Scores.of(least)
    return BettingClaim(
        least=low, most=low if most is None else Scores.of(most), levels=FIVE, **options
    )


def table(won, lost, n):
    return PairedTable(both=n - won - lost, only_candidate=won, only_incumbent=lost, neither=0)


def table_scores(found):
    """Return a paired table as scores to bet on: 0 lost, 1/2 alike, 1 won."""
    alike = found.both + found.neither
    return Scores((0.0, 0.5, 1.0), (found.only_incumbent, alike, found.only_candidate))


def paired(won, lost, n):
    return PairedClaim(least=table(won, lost, n), most=table(won, lost, n), levels=FIVE)


def paired_bet(won, lost, n):
    scores = table_scores(table(won, lost, n))
    return ScaledClaim(bets=BettingClaim(least=scores, most=scores, levels=FIVE))


def once(passed, n, **gaps):
    return RateClaim(passed=passed, n=n, levels=FIVE, **gaps)


CLAIMS = [
    once(93, 100),
    rate(93, 93, 100),
    bet([0.9, 0.8, 1.0] * 30),
    paired(6, 9, 100),
    paired_bet(6, 9, 100),
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_more_samples_of_the_same_kind_make_a_claim_surer(claim):
    bounds = claim.bounds()
    middle = (bounds.low + bounds.high) / 2
    below = [claim.p_below(bounds.high + 0.01, extra) for extra in (0, 10, 500, 50_000)]
    above = [claim.p_above(bounds.low - 0.01, extra) for extra in (0, 10, 500, 50_000)]
    assert below == sorted(below, reverse=True)
    assert above == sorted(above, reverse=True)
    assert max(below[-1], above[-1]) < 1e-6
    assert max(claim.p_above(middle, 10_000_000), claim.p_below(middle, 10_000_000)) > 0.5


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_bound_and_its_p_value_agree(claim):
    bounds = claim.bounds()
    assert claim.p_above(bounds.low - 1e-4) <= 0.05 <= claim.p_above(bounds.low + 1e-4)
    assert claim.p_below(bounds.high + 1e-4) <= 0.05 <= claim.p_below(bounds.high - 1e-4)
    assert max(claim.p_above(0.99), claim.p_below(-0.0)) <= 1.0


def test_a_rate_claim_has_the_anytime_bound_and_p():
    claim = rate(93, 93, 100)
    assert claim.bounds().low == anytime_rate_lower(93, 100, alpha=0.05)
    assert claim.p_above(0.85) == pytest.approx(1 / 8.7466, abs=1e-5)
    assert claim.p_above(0.85) == pytest.approx(exp(-log_evidence_above(93, 100, bar=0.85)))


def test_unscored_samples_count_against_both_sides():
    sure, doubtful = rate(90, 90, 100).bounds(), rate(85, 95, 100).bounds()
    assert doubtful.low < sure.low
    assert doubtful.high > sure.high
    sure, doubtful = bet([0.9] * 50).bounds(), bet([0.9] * 45 + [0.0] * 5, [0.9] * 45 + [1.0] * 5)
    assert doubtful.bounds().low < sure.low
    assert doubtful.bounds().high > sure.high


def test_samples_that_were_all_unscored_say_nothing():
    assert rate(0, 20, 20).p_above(0.1, 30) == 1.0
    assert rate(0, 20, 20).bounds().high == 1.0


def test_projected_samples_come_at_the_rate_of_the_scored_ones():
    assert rate(60, 80, 80).p_above(0.5, 20) == pytest.approx(rate(80, 100, 100).p_above(0.5))
    assert once(60, 80).p_above(0.5, 20) == pytest.approx(once(75, 100).p_above(0.5))
    assert once(60, 80, missing=20).p_above(0.5, 20) == pytest.approx(once(75, 100).p_above(0.5))


def test_each_side_has_its_own_level():
    strict = rate(93, 93, 100, Levels(low=0.0125, high=0.05)).bounds()
    assert strict.low < rate(93, 93, 100).bounds().low
    assert strict.high == rate(93, 93, 100).bounds().high


def test_more_samples_come_as_more_clusters():
    small, large = bet([0.9, 0.7] * 20), bet([0.9, 0.7] * 20, size=10.0)
    assert small.p_above(0.7, 40) == large.p_above(0.7, 400)


def test_a_paired_claim_is_exact_and_projects_from_there():
    observed = table(6, 9, 100)
    bounds = paired(6, 9, 100).bounds()
    assert (bounds.low, bounds.high) == (exact_lower(observed, 0.05), exact_upper(observed, 0.05))
    claim = paired(6, 9, 100)
    assert claim.p_above(-0.1, 1) == pytest.approx(claim.p_above(-0.1), abs=0.001)


def test_a_paired_claim_at_the_end_of_its_range_stays_there():
    assert paired(0, 10, 10).bounds().low == pytest.approx(-1.0)
    assert paired(10, 0, 10).bounds().high == pytest.approx(1.0)


def test_a_difference_is_bet_on_as_a_figure_of_0_to_1():
    assert [scaled(gap) for gap in (-1.5, -1.0, 0.0, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 60))
def test_betting_on_a_table_is_never_surer_than_reading_it_once(won, lost, alike):
    n = won + lost + alike
    once, anytime = paired(won, lost, n).bounds(), paired_bet(won, lost, n).bounds()
    assert anytime.low <= once.low + 0.02
    assert anytime.high >= once.high - 0.02


def test_a_cost_is_bet_on_as_a_share_of_the_most_that_a_trial_can_cost():
    costs = [0.8, 1.0, 1.2, 3.0] * 25
    claim = ScaledClaim(bets=bet([cost / 10 for cost in costs]), floor=0.0, ceiling=10.0)
    bounds = claim.bounds()
    assert 1.0 < known(bounds.low) < 1.5 < known(bounds.high) < 3.0
    assert claim.p_below(2.9) < 0.05 < claim.p_below(1.6)
    assert claim.p_above(0.1) < 0.05
