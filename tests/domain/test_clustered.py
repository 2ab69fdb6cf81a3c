import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression import linear_model

from evals.domain.clustered import clustered_mean
from tests.known import known

SCORES = [1, 1, 1, 0, 0, 0, 1, 0, 1, 1]
CLUSTERS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
PAIRS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=2, max_size=40)


def test_the_standard_error_has_its_published_value():
    found = known(clustered_mean(SCORES, CLUSTERS))
    assert (found.mean, found.n, found.clusters) == (0.6, 10, 4)
    assert round(known(found.standard_error), 6) == 0.231517
    assert round(np.std(SCORES, ddof=1) / 10**0.5, 6) == 0.163299


def test_the_interval_is_students_with_a_degree_of_freedom_less_than_clusters():
    found = known(clustered_mean(SCORES, CLUSTERS))
    expected = stats.t(3, loc=0.6, scale=known(found.standard_error)).interval(0.95)
    interval = known(found.interval())
    assert (interval.low, interval.high) == pytest.approx(expected)


@given(PAIRS)
def test_the_standard_error_agrees_with_statsmodels(pairs):
    scores, clusters = zip(*pairs, strict=True)
    found = known(clustered_mean(scores, clusters))
    fit = linear_model.OLS(np.array(scores), np.ones(len(scores))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(clusters), "use_correction": False}
    )
    if found.standard_error is not None:
        assert found.standard_error == pytest.approx(float(fit.bse[0]), abs=1e-6)


def test_clusters_of_one_give_the_plain_standard_error():
    found = known(clustered_mean(SCORES, range(10)))
    assert found.standard_error == pytest.approx(np.std(SCORES) / 10**0.5)


@pytest.mark.parametrize("scores", [[1, 1, 1, 1], [0, 0, 0, 0]])
def test_scores_without_spread_have_no_standard_error(scores):
    found = known(clustered_mean(scores, [0, 0, 1, 1]))
    assert found.standard_error is None
    assert found.interval() is None


def test_one_cluster_has_no_standard_error():
    assert known(clustered_mean([0, 1, 1], ["a", "a", "a"])).standard_error is None


def test_nothing_scored_is_no_mean():
    assert clustered_mean([], []) is None


def test_each_score_needs_a_cluster():
    with pytest.raises(ValueError, match="zip"):
        clustered_mean([1, 0], [1])
