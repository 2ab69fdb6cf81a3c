from itertools import pairwise
from math import inf, isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.tradeoffs import (
    Axis,
    Figure,
    Placed,
    Point,
    Standing,
    TradeOff,
    accepted_outlay,
    dominates,
    pareto_line,
    trade_off,
)
from evals.domain.verdicts import Verdict


def figure(value: float, spread: float = 0.0) -> Figure:
    return Figure(value=value, low=value - spread, high=value + spread)


def point(name: str, quality: Figure | None, outlay: Figure | None, **facts: Any) -> Point:
    return Point(name=name, link=f"/{name}/", quality=quality, outlay=outlay, **facts)


def figures(least: float, most: float) -> st.SearchStrategy[Figure]:
    bounds = st.tuples(*[st.floats(least, most)] * 3).map(sorted)
    return bounds.map(lambda b: Figure(low=b[0], value=b[1], high=b[2]))


POINTS = st.builds(point, st.just("p"), figures(0, 1), figures(0.001, 100))
CLOUDS = st.lists(POINTS, min_size=1, max_size=8).map(
    lambda points: [point(str(n), p.quality, p.outlay) for n, p in enumerate(points)]
)


def placed(points: list[Point]) -> TradeOff:
    return trade_off(points, axis=Axis.ACCEPTED, metric="exact_match")


def standing(found: TradeOff, name: str) -> Placed:
    return next(place for place in found.placed if place.point.name == name)


def test_a_point_dominates_only_beyond_both_intervals():
    cheap = point("cheap", figure(0.90, 0.02), figure(1.0, 0.1))
    assert dominates(cheap, point("dear", figure(0.80, 0.02), figure(2.0, 0.1)))
    assert not dominates(cheap, point("close", figure(0.87, 0.02), figure(2.0, 0.1)))
    assert not dominates(cheap, point("as dear", figure(0.80, 0.02), figure(1.1, 0.1)))


def test_equal_points_without_intervals_do_not_dominate_each_other():
    one, other = (point(name, figure(0.9), figure(1.0)) for name in "ab")
    assert not dominates(one, other)
    assert not dominates(other, one)


def test_equal_points_are_both_on_the_line():
    twins = [point(name, figure(0.9), figure(1.0)) for name in "ab"]
    assert [place.standing for place in placed(twins).placed] == [Standing.ON_LINE] * 2


def test_being_as_cheap_and_surely_better_is_enough():
    better, worse = (
        point("better", figure(0.9, 0.01), figure(1.0)),
        point("worse", figure(0.8, 0.01), figure(1.0)),
    )
    assert dominates(better, worse)


def test_what_nothing_bounds_dominates_nothing():
    unbounded = point("p95", figure(0.9, 0.01), Figure(value=1.0, low=0.5, high=inf))
    assert not dominates(unbounded, point("slow", figure(0.5, 0.01), figure(100.0)))


def test_the_line_joins_what_is_dearer_and_better():
    found = placed(
        [
            point("closed", figure(0.95, 0.01), figure(4.0)),
            point("small", figure(0.80, 0.01), figure(0.5)),
            point("wasteful", figure(0.70, 0.01), figure(2.0)),
            point("middle", figure(0.90, 0.01), figure(1.0)),
            point("near", figure(0.895, 0.01), figure(1.1)),
        ]
    )
    assert [place.point.name for place in found.line] == ["small", "middle", "closed"]
    assert standing(found, "near").standing is Standing.CLOSE
    assert standing(found, "wasteful").standing is Standing.BEHIND
    assert standing(found, "wasteful").behind == ("small", "middle", "near")


def test_what_is_unknown_is_left_out_of_the_line_and_named():
    found = placed(
        [
            point("known", figure(0.9), figure(1.0)),
            point("no price", figure(0.99), None),
            point("unanswered", None, figure(0.1)),
        ]
    )
    assert [place.point.name for place in found.placed] == ["known"]
    assert [p.name for p in found.left_out] == ["no price", "unanswered"]


def test_estimates_and_open_verdicts_are_hollow():
    assert point("estimated", figure(1), figure(1), is_estimated=True).is_hollow
    undecided = Point(name="u", link="", quality=None, outlay=None, verdict=Verdict.UNDECIDED)
    assert undecided.is_hollow
    assert not point("sure", figure(1), figure(1)).is_hollow


@pytest.mark.parametrize(("failure", "expected"), [(None, 0.004 / 0.85), (0.4, 0.004 + 0.15 * 0.4)])
def test_the_cost_per_accepted_answer_lies_within_its_interval(failure, expected):
    found = accepted_outlay(
        figure(0.004, 0.0005), figure(0.85, 0.03), value=expected, failure_usd=failure
    )
    assert found.low < found.value < found.high
    # At exact figures nothing is left of the interval: $.004 at a = .85 dropped -> $.004706.
    exact = accepted_outlay(figure(0.004), figure(0.85), value=expected, failure_usd=failure)
    assert isclose(exact.low, exact.high)


def test_where_nothing_may_be_accepted_the_cost_of_an_answer_has_no_upper_bound():
    accepted = Figure(value=0.1, low=0.0, high=0.4)
    found = accepted_outlay(figure(0.004), accepted, value=0.04, failure_usd=None)
    assert found.high == inf


@given(POINTS, POINTS, POINTS)
def test_dominance_is_a_strict_partial_order(a, b, c):
    assert not dominates(a, a)
    assert not (dominates(a, b) and dominates(b, a))
    if dominates(a, b) and dominates(b, c):
        assert dominates(a, c)


@given(POINTS, POINTS, st.floats(0, 1))
def test_wider_intervals_never_make_one_dominate(a, b, wider):
    assert a.quality is not None
    wide = Figure(value=a.quality.value, low=a.quality.low - wider, high=a.quality.high + wider)
    if dominates(point("wide", wide, a.outlay), b):
        assert dominates(a, b)


@given(CLOUDS)
def test_the_line_rises_and_nothing_on_it_is_dominated(points):
    line = pareto_line(points)
    assert line
    for before, after in pairwise(line):
        assert before.outlay
        assert after.outlay
        assert before.quality
        assert after.quality
        assert before.outlay.value <= after.outlay.value
        if before.outlay.value == after.outlay.value:
            assert before.quality.value == after.quality.value
        else:
            assert before.quality.value < after.quality.value
    assert not any(dominates(other, one) for one in line for other in points)


@given(CLOUDS)
def test_whatever_is_behind_is_behind_somebody_who_is_not(points):
    found = placed(points)
    behind = {place.point.name for place in found.placed if place.standing is Standing.BEHIND}
    for place in found.placed:
        assert bool(place.behind) == (place.standing is Standing.BEHIND)
        if place.behind:
            assert set(place.behind) - behind


@given(CLOUDS)
def test_the_order_of_the_points_does_not_matter_to_what_is_behind(points):
    def behind(found):
        return {place.point.name: set(place.behind) for place in found.placed}

    assert behind(placed(points)) == behind(placed(points[::-1]))
