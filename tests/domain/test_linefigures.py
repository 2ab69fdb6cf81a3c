"""The figure of each line of a bar with its two-sided interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.estimates import Estimator
from evals.domain.intervals import wilson_interval
from evals.domain.linefigures import difference_figure, line_figure, paired_table
from evals.domain.paired import PairedTable
from evals.domain.sequential import anytime_rate_interval
from tests.domain import tables

PHONE = {"channel": "phone"}


def estimator(grounds, *, stop_early=False, graded=(), upto=None):
    return Estimator(
        grounds=grounds,
        upto=grounds.table.places if upto is None else upto,
        stop_early=stop_early,
        graded=frozenset(graded),
    )


def beside(own, incumbent, **others):
    return tables.grounds(tables.table(own), incumbent=tables.table(incumbent), **others)


OWN = [1.0] * 60 + [0.0] * 20 + [1.0] * 10 + [0.0] * 10
OTHER = [1.0] * 60 + [1.0] * 20 + [0.0] * 10 + [0.0] * 10


def test_a_score_has_wilsons_interval_over_its_slice():
    channels = ["phone", "mail"] * 50
    grounds = tables.grounds(tables.table(OWN), channel=channels)
    figure = line_figure(estimator(grounds), tables.at_least(0.8, slice=PHONE))
    assert figure is not None
    assert (figure.n, figure.passed, figure.slice) == (50, 35, PHONE)
    expected = wilson_interval(35, 50)
    assert (figure.low, figure.high) == (expected.low, expected.high)


def test_a_figure_is_that_of_the_places_that_were_read():
    grounds = tables.grounds(tables.table(OWN))
    figure = line_figure(estimator(grounds, stop_early=True, upto=40), tables.at_least(0.8))
    assert figure is not None
    expected = anytime_rate_interval(40, 40)
    assert (figure.value, figure.n) == (1.0, 40)
    assert (figure.low, figure.high) == (expected.low, expected.high)


def test_a_margin_has_tangos_interval_over_shared_samples():
    figure = line_figure(estimator(beside(OWN, OTHER)), tables.within(0.05))
    table = PairedTable(both=60, only_candidate=10, only_incumbent=20, neither=10)
    assert figure is not None
    assert figure.value == pytest.approx(-0.1)
    assert figure.method == "95 % Tango score interval"
    interval = table.interval()
    assert interval is not None
    assert (figure.low, figure.high) == (interval.low, interval.high)


def test_a_margin_of_a_slice_counts_that_slice_alone():
    grounds = beside(OWN, OTHER, channel=["phone"] * 80 + ["mail"] * 20)
    figure = line_figure(estimator(grounds), tables.within(0.05, slice=PHONE))
    assert figure is not None
    assert figure.value == pytest.approx(-0.25)
    assert figure.n == 80
    assert paired_table(estimator(grounds), "exact_match", PHONE) == PairedTable(
        both=60, only_candidate=0, only_incumbent=20, neither=0
    )


def test_a_margin_under_a_stop_rule_has_the_interval_of_a_bet():
    figure = line_figure(estimator(beside(OWN, OTHER), stop_early=True), tables.within(0.05))
    assert figure is not None
    assert figure.method == "95 % anytime-valid betting interval over 100 samples"
    assert (figure.low or 0) < -0.1 < (figure.high or -1)


def test_clusters_are_said():
    grounds = beside(OWN, OTHER, clusters=[place // 2 for place in range(100)])
    figure = difference_figure(estimator(grounds), "exact_match")
    assert figure is not None
    assert figure.method == "95 % clustered t interval over 50 clusters"


def test_without_an_incumbent_or_a_shared_sample_there_is_no_difference():
    assert line_figure(estimator(tables.grounds(tables.table(OWN))), tables.within(0.05)) is None
    apart = beside([1.0, np.nan], [np.nan, 1.0])
    assert line_figure(estimator(apart), tables.within(0.05)) is None
    assert paired_table(estimator(apart, graded=["exact_match"]), "exact_match") is None


def test_a_cost_has_its_figure_elsewhere():
    grounds = tables.grounds(tables.table(OWN))
    assert line_figure(estimator(grounds), tables.at_most(1.0, "cost_per_1k_usd")) is None


def latency(seconds, *, stop_early=False, **options):
    grounds = tables.grounds(tables.table([1.0] * len(seconds), seconds=seconds), **options)
    line = tables.at_most(2.0, "latency_p95_seconds", slice=PHONE if options else None)
    return line_figure(estimator(grounds, stop_early=stop_early), line)


def test_a_latency_has_the_interval_of_order_statistics_over_its_slice():
    seconds = np.arange(1, 401) / 100
    figure = latency(seconds, channel=["phone", "mail"] * 200)
    assert (figure.value, figure.n) == (3.79, 200)
    assert figure.low < 3.79 < figure.high
    assert figure.method == "95 % order-statistic interval"


def test_under_a_stop_rule_a_latencys_interval_is_wider():
    seconds = np.arange(1, 401) / 100
    fixed, sequential = latency(seconds), latency(seconds, stop_early=True)
    assert sequential.low < fixed.low < fixed.high < sequential.high
    assert sequential.method == "95 % anytime-valid order-statistic interval"


@pytest.mark.parametrize("stop_early", [False, True])
def test_few_latencies_have_no_upper_bound_and_none_have_nothing(stop_early):
    few = latency(np.arange(1, 11) / 10, stop_early=stop_early)
    assert (few.value, few.high) == (1.0, None)
    none = latency(np.array([]), stop_early=stop_early)
    assert (none.value, none.low, none.high, none.n) == (None, None, None, 0)
    assert none.method == "no latency is known"


@given(st.integers(1, 200), st.booleans())
def test_a_latencys_interval_holds_its_value(n, stop_early):
    figure = latency(np.arange(1, n + 1, dtype=float), stop_early=stop_early)
    assert (figure.low or 0) <= figure.value <= (figure.high or n)


def test_an_empty_slice_has_no_figure():
    grounds = tables.grounds(tables.table(OWN), channel=["mail"] * 100)
    figure = line_figure(estimator(grounds), tables.at_least(0.8, slice=PHONE))
    assert figure is not None
    assert (figure.value, figure.low, figure.n) == (None, None, 0)
