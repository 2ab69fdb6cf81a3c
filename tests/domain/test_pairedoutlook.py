import pytest

from evals.domain.multiplicity import stop_thresholds
from evals.domain.outlook import SimulatedPlan, paired_scores, simulated_outlook
from evals.domain.pairedoutlook import paired_outlook
from evals.domain.specs import Comparator

ONE = stop_thresholds(Comparator.AT_LEAST, alpha=0.05, candidates=1)


def test_coarse_runs_agree_with_runs_read_after_every_sample():
    coarse = paired_outlook(0.1, 0.15, thresholds=ONE, most_samples=600)
    plan = SimulatedPlan(thresholds=ONE, most_samples=600, seed=2, runs=200)
    fine = simulated_outlook(paired_scores(discordance=0.15, gap=0.0), bar=0.45, plan=plan)
    assert coarse.mean_samples == pytest.approx(fine.mean_samples, rel=0.15)
    assert coarse.above == pytest.approx(fine.above, abs=0.06)
    assert coarse.above + coarse.below + coarse.unsettled == pytest.approx(1)


def test_a_candidate_far_worse_is_settled_below():
    ahead = paired_outlook(0.05, 0.3, thresholds=ONE, most_samples=2000, gap=-0.2)
    assert ahead.below == 1.0
    assert ahead.mean_samples < 1000


def test_less_discordance_settles_sooner():
    means = [
        paired_outlook(0.05, psi, thresholds=ONE, most_samples=3000).mean_samples
        for psi in (0.05, 0.15, 0.3)
    ]
    assert means == sorted(means)


@pytest.mark.parametrize("most", [1, 3, 10, 11])
def test_a_short_set_is_read_to_its_end(most):
    ahead = paired_outlook(0.05, 0.15, thresholds=ONE, most_samples=most)
    assert ahead.mean_samples == most
    assert ahead.unsettled == 1.0


@pytest.mark.parametrize(("most", "gap"), [(0, 0.0), (10, 0.2)])
def test_what_cannot_be_is_refused(most, gap):
    with pytest.raises(ValueError, match="need a sample"):
        paired_outlook(0.05, 0.15, thresholds=ONE, most_samples=most, gap=gap)


def test_a_margin_of_everything_is_shown_by_anything():
    assert paired_outlook(1.0, 0.3, thresholds=ONE, most_samples=200).above == 1.0
