"""Real answers to GSM8K judged as the product judges them: once, and by the stop rule."""

import pytest

from evals.domain.bars import CriterionState
from evals.domain.estimates import Estimator
from evals.domain.linefigures import paired_table
from tests.domain.tables import at_least, judged, within
from tests.known import known
from tests.simulate import recorded

pytestmark = pytest.mark.skipif(
    not recorded.DATA.is_file(), reason=f"the recorded answers are not at {recorded.DATA}"
)
MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED


def test_read_once_the_margin_is_missed_one_bar_is_met_and_one_needs_more():
    own = recorded.in_order(0)
    margin, low, high = (
        judged(line, own) for line in (within(0.05), at_least(0.6), at_least(0.64))
    )
    assert (margin.state, low.state, high.state) == (MISSED, MET, UNSETTLED)
    assert margin.value == pytest.approx((95 - 383) / 1319)
    assert known(margin.bound) == pytest.approx(-0.1929, abs=5e-5)
    assert known(low.bound) == pytest.approx(0.6160, abs=5e-5)
    assert known(high.samples_needed) > 100_000


def test_tangos_interval_is_the_one_shown():
    estimator = Estimator(
        grounds=recorded.in_order(0), upto=1319, stop_early=False, graded=frozenset()
    )
    shared = known(paired_table(estimator, "exact_match"))
    interval = known(shared.interval())
    assert known(shared.difference) == pytest.approx(-0.2183, abs=5e-5)
    assert (interval.low, interval.high) == pytest.approx((-0.2487, -0.1880), abs=5e-5)


def test_the_stop_rule_settles_far_from_the_bar_after_a_small_part_and_seldom_wrongly():
    rows = {row.line: row for row in recorded.recorded_rows(seeds=100)}
    assert rows["at_least 0.5"].go == 1.0
    assert rows["at_least 0.5"].mean_n < 0.12 * 1319
    assert rows["at_least 0.75"].no_go == rows["within 0.05"].no_go == 1.0
    assert rows["at_least 0.75"].mean_n < 0.15 * 1319
    assert rows["within 0.05"].mean_n < 0.1 * 1319
    assert all(row.false is None or row.false <= 0.05 for row in rows.values())
    assert max(rows["at_least 0.64"].go, rows["at_least 0.64"].no_go) <= 0.1
