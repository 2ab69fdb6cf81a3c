from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.betting import BetPath
from evals.domain.sequential import RatePath, log_evidence_above, log_evidence_below
from evals.domain.settling import Thresholds, read_prefix

BOTH = Thresholds(above=log(20), below=log(20))


def read(least, most=None, *, bar=0.85, path=RatePath, thresholds=BOTH):
    return read_prefix(
        least, least if most is None else most, bar=bar, path=path, thresholds=thresholds
    )


def test_all_passing_settles_the_bar_when_the_evidence_reaches_20():
    reading = read([1.0] * 100)
    assert reading.is_above
    assert exp(log_evidence_above(reading.n, reading.n, bar=0.85)) >= 20
    assert exp(log_evidence_above(reading.n - 1, reading.n - 1, bar=0.85)) < 20


def test_all_failing_settles_the_other_way():
    reading = read([0.0] * 100)
    assert reading.is_above is False
    assert reading.n < 5


def test_nothing_is_settled_by_nothing():
    reading = read([])
    assert (reading.n, reading.is_above, reading.p_above, reading.p_below) == (0, None, 1.0, 1.0)


def test_an_unsettled_prefix_keeps_its_largest_evidence():
    scores = [1.0] * 15 + [0.0] * 3
    reading = read(scores)
    assert (reading.n, reading.is_above) == (18, None)
    assert reading.peak_above == pytest.approx(float(log_evidence_above(15, 15, bar=0.85)))
    assert reading.p_above == pytest.approx(exp(-reading.peak_above))
    assert reading.p_below == 1.0


def test_unscored_samples_count_against_both_claims():
    least, most = [0.0, 0.0, *[1.0] * 40], [1.0] * 42
    assert read(most).n < read(least, most).n
    assert read([0.0] * 3, [1.0] * 3).is_above is None


def test_more_candidates_need_more_evidence_for_go_only():
    four = Thresholds(above=log(4 / 0.05), below=log(1 / 0.05))
    assert read([1.0] * 99, thresholds=four).n > read([1.0] * 99).n
    assert read([0.0] * 99, thresholds=four).n == read([0.0] * 99).n


@pytest.mark.parametrize("path", [RatePath, BetPath])
def test_a_long_run_is_settled_where_a_plain_reading_of_every_sample_settles_it(path):
    scores = (np.random.default_rng(11).random(30_000) < 0.857) * 1.0
    evidence = log_evidence_above(np.cumsum(scores), np.arange(1, 30_001), bar=0.85)
    first = int((evidence >= log(20)).argmax()) + 1
    reading = read(scores, path=path)
    assert first > 1_000
    assert reading.is_above
    assert abs(reading.n - first) <= (0 if path is RatePath else 20)


def test_a_million_samples_at_the_bar_are_read_in_seconds():
    scores = (np.random.default_rng(3).random(1_000_000) < 0.85) * 1.0
    reading = read(scores, thresholds=Thresholds(above=30.0, below=30.0))
    assert (reading.n, reading.is_above) == (1_000_000, None)


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=600), st.sampled_from([0.3, 0.5, 0.9]))
def test_reading_all_at_once_is_reading_sample_by_sample(scores, bar):
    passed, total = np.cumsum(scores), np.arange(1, len(scores) + 1)
    up, down = (
        log_evidence_above(passed, total, bar=bar),
        log_evidence_below(passed, total, bar=bar),
    )
    stops = np.flatnonzero((up >= log(20)) | (down >= log(20)))
    reading = read(scores, bar=bar)
    assert reading.n == (stops[0] + 1 if len(stops) else len(scores))
    assert (reading.is_above is None) == (not len(stops))


def test_scores_of_different_length_are_refused():
    with pytest.raises(ValueError, match="got 2 and 1"):
        read([1.0, 1.0], [1.0])


def test_the_silent_samples_alone_settle_nothing():
    def quiet(silent):
        return read([1.0] * 40, thresholds=replace(BOTH, silent=silent))

    assert read([1.0] * 40).n < 30
    assert (quiet(35).n, quiet(35).is_above) == (36, True)
    assert (quiet(40).is_above, quiet(40).p_above, quiet(40).p_below) == (None, 1.0, 1.0)
