"""Intervals as drawn: inside the axis, in order, on one scale for all."""

from hypothesis import given
from hypothesis import strategies as st

from evals.queries.drawings import Estimate, scale_for

rates = st.floats(0, 1)
estimates = st.tuples(rates, rates, rates).map(
    lambda three: Estimate(value=sorted(three)[1], low=min(three), high=max(three))
)


@given(st.lists(estimates, min_size=1, max_size=5), rates)
def test_everything_lies_on_the_axis_in_order(drawn: list[Estimate], bar: float):
    scale = scale_for(drawn, bar=bar)
    for estimate in drawn:
        drawing = scale.draw(estimate, state="met", metric="exact match")
        assert drawing is not None
        assert 0 <= drawing.low_pct <= drawing.value_pct <= drawing.high_pct <= 100
        assert drawing.bar_pct is not None
        assert 0 <= drawing.bar_pct <= 100


def test_nothing_is_drawn_of_what_is_unknown():
    unknown = Estimate(value=None, low=None, high=None)
    assert scale_for([unknown], bar=None).draw(unknown, state="met", metric="f1") is None


def test_the_label_says_it_all_to_those_who_do_not_see_it():
    estimate = Estimate(value=0.882, low=0.861, high=0.901)
    drawing = scale_for([estimate], bar=0.85).draw(estimate, state="met", metric="exact match")
    assert drawing is not None
    assert drawing.label == ("exact match 0.882, 95 % interval [0.861, 0.901], the bar is at 0.85")
