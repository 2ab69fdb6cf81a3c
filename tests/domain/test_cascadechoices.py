from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.cascadechoices import (
    Target,
    choose,
    choosing_half,
    quality_target,
    report,
)
from evals.domain.cascadecurves import Curve
from evals.domain.specs import Comparator, CriterionSpec
from tests.domain.test_cascades import CHEAP, DEAR, items
from tests.known import known

AT_LEAST = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.75)
WITHIN = CriterionSpec(metric="exact_match", comparator=Comparator.WITHIN, threshold=0.1)


def world(n=400, *, seed=0, tells=True):
    """Return items whose confidence tells right answers from wrong ones, or does not."""
    rng = np.random.default_rng(seed)
    first, second = rng.random(n) < 0.6, rng.random(n) < 0.9
    confidence = rng.random(n) + (first if tells else 0)
    return items(first, second, confidence)


def target(quality):
    return Target(quality=quality, words="as good as this")


def test_the_cheapest_threshold_that_reaches_the_target_is_chosen():
    curve = Curve(items())
    choice = choose(curve, target(0.8))
    assert choice.is_reached
    assert (choice.point.threshold, choice.point.usd) == (0.5, Decimal("0.004"))


def test_where_the_first_model_reaches_it_nothing_is_escalated():
    choice = choose(Curve(items()), target(0.6))
    assert (choice.point.escalated, choice.point.usd) == (0, CHEAP)


def test_where_nothing_reaches_it_the_best_is_chosen_and_of_these_the_cheapest():
    choice = choose(Curve(items()), target(0.95))
    assert not choice.is_reached
    assert choice.point.quality == pytest.approx(0.9)
    assert choice.point.escalated == 5


def test_a_threshold_that_escalates_all_is_none():
    all_wrong = items([0] * 10)
    choice = choose(Curve(all_wrong), target(0.8))
    assert choice.point.threshold is None
    assert choice.point.usd == CHEAP + DEAR


@pytest.mark.parametrize(
    ("bar", "quality"),
    [([], 0.88), ([AT_LEAST], 0.75), ([WITHIN], 0.8), ([AT_LEAST, WITHIN], 0.8)],
)
def test_the_target_is_the_most_that_the_bar_asks_for(bar, quality):
    found = quality_target(bar, "exact_match", first=0.6, second=0.9)
    assert found.quality == pytest.approx(quality)
    assert ("bar" in found.words) == bool(bar)


def test_where_the_first_alone_reaches_the_bar_the_second_sets_the_target():
    found = quality_target([AT_LEAST], "exact_match", first=0.76, second=0.9)
    assert found.quality == pytest.approx(0.88)
    assert "since the first alone reaches what the bar asks" in found.words


def test_slices_advice_and_other_metrics_set_no_target():
    others = [
        CriterionSpec(
            metric="exact_match",
            comparator=Comparator.AT_LEAST,
            threshold=0.99,
            slice={"channel": "phone"},
        ),
        CriterionSpec(
            metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.99, advisory=True
        ),
        CriterionSpec(metric="f1", comparator=Comparator.AT_LEAST, threshold=0.99),
    ]
    found = quality_target(others, "exact_match", first=0.6, second=0.9)
    assert found.quality == pytest.approx(0.88)


@given(st.integers(1, 200), st.integers(0, 5))
def test_the_halves_are_halves_and_always_the_same(size, seed):
    half = choosing_half(size, seed=seed)
    assert half.sum() == (size + 1) // 2
    assert (half == choosing_half(size, seed=seed)).all()


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_a_cluster_lies_in_one_half(clusters):
    half = choosing_half(len(clusters), seed=1, clusters=clusters)
    assert all(
        len({h for h, c in zip(half, clusters, strict=True) if c == n}) <= 1 for n in range(7)
    )


def test_what_is_reported_are_the_paired_differences():
    found = report(items(), 0.5, seed=0)
    assert found.n == 10
    assert found.point.quality == pytest.approx(0.8)
    assert found.first == pytest.approx(0.6)
    assert found.second == pytest.approx(0.8)
    assert found.against_first.value == pytest.approx(0.2)
    assert found.against_second.value == pytest.approx(0.0)
    assert known(found.usd).value == pytest.approx(0.004)


def test_every_figure_lies_in_its_interval():
    found = report(world(), 0.8, seed=0)
    for figure in (found.quality, found.against_first, found.against_second, known(found.usd)):
        interval = known(figure.interval)
        assert interval.low < figure.value < interval.high
    assert known(found.against_first.interval).low > 0


def test_what_a_signal_adds_to_chance_is_reported():
    telling = report(world(2_000), 0.8, seed=0).against_random
    assert known(telling.interval).low > 0
    silent = report(world(2_000, tells=False), 0.4, seed=0).against_random
    assert known(silent.interval).low < 0 < known(silent.interval).high


def test_pairs_are_kept_together():
    """Where the second model is asked about everything, it cannot differ from itself by chance."""
    found = report(world(), None, seed=0)
    assert found.against_second.value == 0
    assert found.against_second.interval is None


def test_the_chosen_threshold_holds_on_the_other_half():
    """Chosen and reported on the same items a cascade looks better than it is."""
    same, other = [], []
    for seed in range(60):
        everything = world(200, seed=seed, tells=False)
        half = choosing_half(everything.n, seed=seed)
        choosing, reporting = everything.where(half), everything.where(~half)
        choice = choose(Curve(choosing), target(1.0))
        # What chance alone gives is between the two models by the share that is escalated.
        same.append(choice.point.quality - (0.6 + 0.3 * choice.point.escalation))
        honest = report(reporting, choice.point.threshold, seed=0)
        other.append(honest.quality.value - (0.6 + 0.3 * honest.point.escalation))
    assert np.mean(same) > 0.01
    assert abs(np.mean(other)) < 0.008


def test_clusters_widen_what_is_reported():
    plain = world()
    many = np.arange(plain.n) // 20
    scores = np.repeat(np.random.default_rng(1).random(20) < 0.6, 20).astype(float)
    alone = items(scores, plain.second, plain.confidence)
    grouped = items(scores, plain.second, plain.confidence, clusters=many)
    narrow = known(report(alone, 0.0, seed=0).quality.interval)
    wide = known(report(grouped, 0.0, seed=0).quality.interval)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_unknown_costs_are_reported_as_unknown():
    unknown = items(second_usd=None)
    assert report(unknown, 0.5, seed=0).usd is None
    assert known(report(unknown, 0.0, seed=0).usd).value == pytest.approx(0.001)
    assert report(items(first_usd=None), 0.5, seed=0).usd is None


def test_graded_scores_have_the_bootstraps_interval():
    rng = np.random.default_rng(5)
    graded = items(rng.random(200), rng.random(200), rng.random(200))
    interval = known(report(graded, 0.5, seed=0).quality.interval)
    assert 0.4 < interval.low < interval.high < 0.6
