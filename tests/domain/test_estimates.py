"""The intervals that are shown; which of them gates is in test_bars."""

import numpy as np
import pytest

from evals.domain.clustered import clustered_mean
from evals.domain.estimates import Estimator
from evals.domain.linefigures import difference_figure
from evals.domain.pairedscores import mean_difference_interval
from tests.domain.tables import grounds, scores_of, table
from tests.known import known

SCORES = [1, 1, 1, 0, 0, 0, 1, 0, 1, 1]
CLUSTERS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]


def estimator(on, *, stop_early=False, graded=()):
    return Estimator(
        grounds=on, upto=on.table.places, stop_early=stop_early, graded=frozenset(graded)
    )


def shown(on, **options):
    metric = next(estimator(on, **options).scores())
    return metric.low, metric.high, metric.method


def test_clusters_are_shown_with_their_t_interval():
    on = grounds(table(SCORES), clusters=CLUSTERS)
    low, high, method = shown(on)
    expected = known(known(clustered_mean(SCORES, CLUSTERS)).interval())
    assert low == max(0.0, expected.low)
    assert high == min(1.0, expected.high)
    assert method == "95 % clustered t interval over 4 clusters"


def test_the_epochs_of_a_sample_are_its_cluster():
    scores = [1, 1, 0, 1, 0, 0, 1, 1, 1, 0]
    low, high, method = shown(grounds(table(scores, epochs=2)))
    owners = np.repeat(range(5), 2)
    expected = known(known(clustered_mean(scores, list(owners))).interval())
    assert (low, high) == pytest.approx((max(0.0, expected.low), min(1.0, expected.high)))
    assert method == "95 % clustered t interval over 5 samples"


def test_where_no_spread_was_seen_the_bet_still_has_a_width():
    low, high, method = shown(grounds(table([1.0] * 20), clusters=np.arange(20) // 5))
    assert known(low) < 1.0 == high
    assert method == "95 % betting interval over 4 clusters"


def test_a_stop_rule_shows_what_holds_whenever_one_looks():
    on = grounds(table(SCORES), clusters=CLUSTERS)
    assert shown(on, stop_early=True)[2] == "95 % anytime-valid betting interval over 4 clusters"


def test_an_unscored_trial_is_in_no_interval():
    scores = [1.0, np.nan, 0.0, 1.0, np.nan, np.nan]
    metric = next(estimator(grounds(table(scores, epochs=2))).scores())
    assert (metric.value, metric.n) == (pytest.approx(2 / 3), 3)
    assert metric.method == "95 % clustered t interval over 2 samples"


def paired(own, other, **more):
    return grounds(table(own), incumbent=table(other), **more)


def test_graded_differences_are_shown_with_a_bootstrap():
    own, other = [0.8, 0.9, 0.4, 0.7] * 10, [0.7, 0.9, 0.5, 0.5] * 10
    figure = known(
        difference_figure(estimator(paired(own, other), graded=["exact_match"]), "exact_match")
    )
    expected = known(mean_difference_interval(np.array(own) - np.array(other), seed=0))
    assert (figure.low, figure.high) == (expected.low, expected.high)
    assert figure.method == "95 % BCa bootstrap interval"
    assert figure.value == pytest.approx(0.05)


def test_differences_in_clusters_have_the_t_interval_of_clusters():
    own, other = scores_of(30, 40), scores_of(20, 40)
    on = paired(own, other, clusters=np.arange(40) % 8)
    figure = known(difference_figure(estimator(on), "exact_match"))
    differences = [a - b for a, b in zip(own, other, strict=True)]
    expected = known(known(clustered_mean(differences, list(np.arange(40) % 8))).interval())
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high))
    assert figure.method == "95 % clustered t interval over 8 clusters"


def test_without_an_incumbent_there_is_no_difference():
    alone = estimator(grounds(table(SCORES)))
    assert alone.difference("exact_match") == (None, "no incumbent")
