from statistics import NormalDist

import pytest
from statsmodels.stats.power import NormalIndPower

from evals.domain.pairedpower import (
    MarginCost,
    PairedSpread,
    detectable_margin,
    margin_costs,
    noninferiority_samples,
    paired_difference_samples,
)


@pytest.mark.parametrize(
    ("margin", "discordance", "samples"), [(0.05, 0.15, 371), (0.03, 0.15, 1031), (0.05, 0.10, 248)]
)
def test_noninferiority_has_its_published_sizes(margin, discordance, samples):
    assert noninferiority_samples(margin, discordance) == samples


def test_what_margins_cost_is_told_together():
    assert margin_costs([0.03, 0.05], 0.15) == (
        MarginCost(margin=0.03, samples=1031),
        MarginCost(margin=0.05, samples=371),
    )


def test_a_better_candidate_needs_fewer_and_a_worse_one_more():
    sizes = [noninferiority_samples(0.05, 0.15, gap=gap) for gap in (0.03, 0.0, -0.03)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(("margin", "gap"), [(0.05, -0.05), (0.05, 0.2), (0.0, 0.0)])
def test_a_margin_that_cannot_be_shown_is_refused(margin, gap):
    with pytest.raises(ValueError, match="need gap > -margin"):
        noninferiority_samples(margin, 0.15, gap=gap)


def test_the_detectable_margin_is_what_its_samples_show():
    assert detectable_margin(371, 0.15) == pytest.approx(0.05, abs=1e-4)
    assert noninferiority_samples(detectable_margin(371, 0.15), 0.15) == 371


@pytest.mark.parametrize(
    ("noise", "epochs", "samples"),
    [((0.0, 0.0), (1, 1), 969), ((1 / 6, 1 / 6), (1, 1), 3876), ((1 / 6, 1 / 6), (10, 10), 1260)],
)
def test_a_paired_difference_has_its_published_sizes(noise, epochs, samples):
    spread = PairedSpread(between=1 / 9, noise=noise, epochs=epochs)
    assert paired_difference_samples(0.03, spread) == samples


def test_a_paired_difference_agrees_with_statsmodels():
    size = NormalIndPower(ddof=0).solve_power(0.03 / (1 / 9) ** 0.5, power=0.8, alpha=0.05, ratio=0)
    ours = paired_difference_samples(0.03, PairedSpread(between=1 / 9))
    assert ours == pytest.approx(size, abs=1)


def test_no_difference_takes_no_number_of_samples():
    with pytest.raises(ValueError, match="other than 0"):
        paired_difference_samples(0.0, PairedSpread(between=1.0))


def test_the_sizes_rest_on_the_published_sum_of_quantiles():
    total = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    assert total == pytest.approx(2.80159, abs=5e-6)
