"""Cascades and what bounds them; the vector is that of the methods, section 4."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.cascadecurves import MOST_POINTS, Curve
from evals.domain.cascades import (
    PairedItems,
    ceiling,
    mean_usd,
    oracle,
    quantile_95,
    recovered_gap,
    saving_limit,
)
from evals.domain.discrimination import discrimination
from tests.known import known

FIRST = [1, 1, 1, 1, 0, 0, 1, 0, 1, 0]
SECOND = [1, 1, 0, 1, 1, 1, 1, 0, 1, 1]
CONFIDENCE = [0.9, 0.8, 0.7, 1, 0.4, 0.6, 0.9, 0.3, 0.5, 0.2]
CHEAP, DEAR = Decimal("0.001"), Decimal("0.010")


def items(first=FIRST, second=SECOND, confidence=CONFIDENCE, **more):
    n = len(first)
    facts = {
        "first_usd": (CHEAP,) * n,
        "second_usd": (DEAR,) * n,
        "first_seconds": np.full(n, 0.5),
        "second_seconds": np.full(n, 2.0),
    }
    return PairedItems(
        first=np.array(first, dtype=float),
        second=np.array(second, dtype=float),
        confidence=np.array(confidence, dtype=float),
        **{**facts, **more},
    )


def test_the_vector_of_both_models_alone_and_of_their_union():
    curve = Curve(items())
    nobody, everybody = curve.points()[0], curve.points()[-1]
    assert nobody.quality == pytest.approx(0.6)
    assert everybody.quality == pytest.approx(0.8)
    assert (nobody.escalation, everybody.escalation) == (0, 1)
    assert everybody.threshold is None
    assert ceiling(items()) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("threshold", "escalation", "quality", "usd"),
    [(0.5, 0.3, 0.8, Decimal("0.004")), (0.7, 0.5, 0.9, Decimal("0.006"))],
)
def test_the_vector_of_two_thresholds(threshold, escalation, quality, usd):
    point = Curve(items()).at(threshold)
    assert point.escalation == pytest.approx(escalation)
    assert point.quality == pytest.approx(quality)
    assert point.usd == usd


def test_the_vector_of_the_recovered_gap():
    assert Curve(items()).at(0.5).recovered == pytest.approx(1.0)
    assert Curve(items()).at(0.7).recovered == pytest.approx(1.5)
    assert recovered_gap(0.7, first=0.8, second=0.8) is None


def test_the_vector_of_how_well_the_confidence_tells_right_from_wrong():
    found = discrimination(np.array(CONFIDENCE), np.array(FIRST, dtype=float))
    assert found.area == pytest.approx(0.9583, abs=5e-5)
    assert (found.right, found.wrong) == (6, 4)
    assert found.tells_apart


def test_it_saves_only_below_an_escalation_of_one_minus_the_ratio_of_costs():
    limit = known(saving_limit(items()))
    assert limit == pytest.approx(0.9)
    curve = Curve(items(confidence=range(10)))
    for count in range(11):
        cost = known(curve.escalating(count, threshold=None).usd)
        assert (cost < DEAR) == (count / 10 < limit)


def test_the_floor_is_the_line_between_both_models():
    point = Curve(items()).at(0.5)
    assert point.random_quality == pytest.approx(0.7 * 0.6 + 0.3 * 0.8)


def test_the_oracle_asks_the_second_model_where_it_alone_does_better():
    router = oracle(items())
    assert router.escalation == pytest.approx(0.3)
    assert router.quality == pytest.approx(0.9)
    assert router.usd == (7 * CHEAP + 3 * DEAR) / 10


def test_an_escalated_item_waits_for_both_models():
    seconds = {"first_seconds": np.arange(10.0), "second_seconds": np.full(10, 100.0)}
    curve = Curve(items(**seconds))
    assert curve.at(0.0).p95_seconds == 9
    # 0.2, 0.3 and 0.4 are escalated: items 9, 7 and 4.
    assert curve.at(0.5).p95_seconds == 109


def test_an_unknown_latency_counts_as_the_longest():
    assert quantile_95(np.array([1.0] * 95 + [np.nan] * 5)) == 1
    assert quantile_95(np.array([1.0] * 94 + [np.nan] * 6)) is None
    assert quantile_95(np.array([3.0])) == 3


def test_an_unknown_cost_stays_unknown():
    point = Curve(items(first_usd=None)).at(0.5)
    assert point.usd is None
    assert oracle(items(first_usd=None)).usd is None
    assert saving_limit(items(first_usd=None)) is None
    assert mean_usd(None) is None


def test_the_first_models_cost_is_known_where_the_second_is_never_asked():
    curve = Curve(items(second_usd=None))
    assert curve.points()[0].usd == CHEAP
    assert curve.points()[1].usd is None


def test_free_answers_have_no_limit_to_save_by():
    assert saving_limit(items(second_usd=(Decimal(0),) * 10)) is None


def test_items_of_different_numbers_are_refused():
    with pytest.raises(ValueError, match="columns of one length"):
        items(second=[1, 0])
    with pytest.raises(ValueError, match="at least 1"):
        items([], [], [])


def test_many_thresholds_are_thinned_and_keep_both_ends():
    n = 5_000
    many = items([0] * n, [1] * n, np.arange(n), clusters=np.arange(n))
    points = Curve(many).points()
    assert len(points) == MOST_POINTS
    assert (points[0].escalated, points[-1].escalated) == (0, n)
    assert [p.escalated for p in points] == sorted({p.escalated for p in points})


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.25, 1.0])] * 3), min_size=1, max_size=30))
def test_every_point_is_what_a_spreadsheet_would_say(rows):
    first, second, confidence = (list(column) for column in zip(*rows, strict=True))
    all_items = items(first, second, confidence)
    curve = Curve(all_items)
    for point, quality in zip(curve.points(), curve.qualities, strict=True):
        threshold = np.inf if point.threshold is None else point.threshold
        taken = [c if s < threshold else o for o, c, s in rows]
        share = sum(s < threshold for _, _, s in rows) / len(rows)
        assert point.quality == pytest.approx(sum(taken) / len(rows))
        assert quality == pytest.approx(point.quality)
        assert point.escalation == pytest.approx(share)
        assert float(known(point.usd)) == pytest.approx(0.001 + share * 0.010)
        assert point.quality <= ceiling(all_items) + 1e-12


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows):
    confidence = np.array([s for s, _ in rows], dtype=float)
    found = discrimination(confidence, np.array([float(ok) for _, ok in rows]))
    right, wrong = [s for s, ok in rows if ok], [s for s, ok in rows if not ok]
    if not (right and wrong):
        assert found.area is None
        return
    pairs = [1.0 if r > w else 0.5 if r == w else 0.0 for r in right for w in wrong]
    assert found.area == pytest.approx(sum(pairs) / len(pairs))
    if found.interval:
        assert 0 <= found.interval.low <= known(found.area) <= found.interval.high <= 1


def test_a_signal_that_knows_nothing_is_not_told_apart():
    rng = np.random.default_rng(3)
    found = discrimination(rng.random(400), (rng.random(400) < 0.5).astype(float))
    assert found.tells_apart is False
    assert known(found.interval).low < 0.5 < known(found.interval).high


@pytest.mark.parametrize("scores", [[1, 1, 1], [0, 0], [1, 0]])
def test_too_few_answers_have_no_interval(scores):
    found = discrimination(np.arange(float(len(scores))), np.array(scores, dtype=float))
    assert found.interval is None
    assert found.tells_apart is None


def test_perfect_order_has_no_interval_since_no_spread_was_seen():
    found = discrimination(np.array([0.0, 0, 1, 1]), np.array([0.0, 0, 1, 1]))
    assert (found.area, found.interval) == (1.0, None)
