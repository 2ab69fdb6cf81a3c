import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.domain.betting import Scores
from evals.domain.multiplicity import stop_thresholds
from evals.domain.outlook import (
    SimulatedPlan,
    boundaries,
    outlook,
    paired_scores,
    simulated_outlook,
)
from evals.domain.power import wald_samples
from evals.domain.sequential import RatePath, log_evidence_above, log_evidence_below
from evals.domain.settling import read_prefix
from evals.domain.specs import Comparator

ONE = stop_thresholds(Comparator.AT_LEAST, alpha=0.05, candidates=1)


@pytest.mark.parametrize(("bar", "rate"), [(0.85, 0.95), (0.80, 0.90)])
def test_one_candidate_takes_less_than_one_and_a_half_times_walds_floor(bar, rate):
    expected = outlook(rate, bar=bar, thresholds=ONE, most_samples=4000)
    assert expected.above > 0.99
    assert expected.mean_samples <= 1.5 * wald_samples(bar, rate)


def test_the_published_figures_of_the_stop_rule_hold():
    good, tie = (
        outlook(rate, bar=0.85, thresholds=ONE, most_samples=1000) for rate in (0.95, 0.85)
    )
    assert round(good.mean_samples) == 70
    assert round(tie.above, 3) == 0.038


@settings(max_examples=25)
@given(st.floats(0.02, 0.98), st.floats(0.05, 0.95), st.integers(1, 60))
def test_the_chances_add_up_and_ties_rarely_settle(rate, bar, most):
    expected = outlook(rate, bar=bar, thresholds=ONE, most_samples=most)
    assert expected.above + expected.below + expected.unsettled == pytest.approx(1)
    assert 1 <= expected.mean_samples <= most + 1e-9
    if rate <= bar:
        assert expected.above <= 0.05
    if rate >= bar:
        assert expected.below <= 0.05


def test_the_recursion_agrees_with_runs():
    rng, sizes, above = np.random.default_rng(11), [], 0
    for _ in range(1500):
        scores = (rng.random(300) < 0.93).astype(np.float64)
        reading = read_prefix(scores, scores, bar=0.85, path=RatePath, thresholds=ONE)
        sizes.append(reading.n)
        above += reading.is_above is True
    expected = outlook(0.93, bar=0.85, thresholds=ONE, most_samples=300)
    assert np.mean(sizes) == pytest.approx(expected.mean_samples, abs=4 * np.std(sizes) / 1500**0.5)
    assert above / 1500 == pytest.approx(expected.above, abs=0.03)


def test_the_boundaries_are_where_the_evidence_suffices():
    limits, n = boundaries(0.85, ONE, 200), np.arange(1.0, 201)
    stops = limits.above <= n
    up = log_evidence_above(limits.above[stops], n[stops], bar=0.85)
    assert np.all(up >= ONE.above)
    assert np.all(log_evidence_above(limits.above[stops] - 1, n[stops], bar=0.85) < ONE.above)
    stops = limits.below >= 0
    assert np.all(log_evidence_below(limits.below[stops], n[stops], bar=0.85) >= ONE.below)
    assert stops.sum() > 190


@pytest.mark.parametrize(("rate", "above"), [(1.0, 1.0), (0.0, 0.0)])
def test_a_certain_rate_is_settled_for_certain(rate, above):
    expected = outlook(rate, bar=0.5, thresholds=ONE, most_samples=50)
    assert (expected.above, expected.below) == (above, 1 - above)


@pytest.mark.parametrize(("rate", "most"), [(1.5, 10), (0.5, 0)])
def test_an_impossible_outlook_is_refused(rate, most):
    with pytest.raises(ValueError, match="need 0 <= rate <= 1"):
        outlook(rate, bar=0.5, thresholds=ONE, most_samples=most)


def test_a_simulation_agrees_with_the_recursion():
    plan = SimulatedPlan(thresholds=ONE, most_samples=400, seed=5, runs=600)
    ours = simulated_outlook(Scores((0.0, 1.0), (0.07, 0.93)), bar=0.85, plan=plan)
    expected = outlook(0.93, bar=0.85, thresholds=ONE, most_samples=400)
    assert ours.mean_samples == pytest.approx(expected.mean_samples, rel=0.12)
    assert ours.above == pytest.approx(expected.above, abs=0.05)
    assert ours.above + ours.below + ours.unsettled == pytest.approx(1)


def test_an_equal_candidate_shows_so_in_fewer_samples_the_wider_the_margin():
    plan = SimulatedPlan(thresholds=ONE, most_samples=2500, runs=60)
    alike = paired_scores(discordance=0.15, gap=0.0)
    wide, narrow = (
        simulated_outlook(alike, bar=(1 - margin) / 2, plan=plan) for margin in (0.1, 0.05)
    )
    assert wide.above == 1.0
    assert 100 < wide.mean_samples < narrow.mean_samples < 700


def test_a_candidate_far_worse_than_the_margin_is_settled_below():
    plan = SimulatedPlan(thresholds=ONE, most_samples=2000, runs=40)
    worse = simulated_outlook(paired_scores(discordance=0.3, gap=-0.2), bar=0.475, plan=plan)
    assert worse.below == 1.0
