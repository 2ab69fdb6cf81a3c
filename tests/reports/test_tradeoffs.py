from dataclasses import replace
from math import inf
from typing import Any

import pytest

from evals.domain.costs import AcceptedRule
from evals.domain.tradeoffs import Axis, Figure, Point, TradeOff, trade_off
from evals.domain.verdicts import Verdict
from evals.reports.charts.chart import Chart
from evals.reports.charts.tradeoffs import trade_off_chart
from tests.reports.figures import cells, layout, traces


def spread(value: float | None, by: float) -> Figure | None:
    return None if value is None else Figure(value=value, low=value - by, high=value + by)


def point(name: str, quality: float | None, outlay: float | None, **facts: Any) -> Point:
    return Point(
        name=name,
        link=f"/runs/{name}/",
        quality=spread(quality, 0.02),
        outlay=spread(outlay, 0.0),
        **{"verdict": Verdict.GO, **facts},
    )


CLOSED = point("closed-api", 0.95, 0.01, verdict=None, is_incumbent=True)
OPEN = point("open", 0.90, 0.002, is_open=True)
UNPRICED = point("unpriced", 0.97, None, is_open=True)


def found(*points: Point, axis: Axis = Axis.ACCEPTED, **facts: Any) -> TradeOff:
    return trade_off(points, axis=axis, metric="exact_match", threshold=0.85, **facts)


def marker(chart: Chart, name: str) -> dict[str, Any]:
    named = [trace for trace in traces(chart) if trace.get("text", [""])[0].startswith(name)]
    assert len(named) == 1
    return dict(named[0])


def test_a_marker_has_the_shape_of_its_weights_and_leads_to_its_run():
    chart = trade_off_chart(found(CLOSED, OPEN))
    assert marker(chart, "open")["marker"]["symbol"] == "circle"
    assert marker(chart, "closed-api")["marker"]["symbol"] == "square"
    assert marker(chart, "open")["customdata"] == ["/runs/open/"]
    assert marker(chart, "closed-api")["text"] == ["closed-api, incumbent"]


@pytest.mark.parametrize("facts", [{"is_estimated": True}, {"verdict": Verdict.UNDECIDED}])
def test_a_marker_of_an_estimate_or_of_an_open_verdict_is_hollow(facts):
    hollow = point("hollow", 0.9, 0.003, **facts)
    chart = trade_off_chart(found(OPEN, hollow))
    assert marker(chart, "hollow")["marker"]["color"] == "var(--surface)"
    assert marker(chart, "open")["marker"]["color"] == "var(--go)"


def test_a_replayed_cascade_is_marked_in_shape_and_words():
    chart = trade_off_chart(found(CLOSED, point("both", 0.94, 0.004, is_replayed=True)))
    assert marker(chart, "both")["marker"]["symbol"] == "diamond"
    assert "replayed cascade" in chart.table.rows[0].name
    assert "◆ replayed cascade" in chart.notes[0]


def test_what_is_unknown_is_not_drawn_and_says_so():
    chart = trade_off_chart(found(CLOSED, UNPRICED))
    assert not [trace for trace in traces(chart) if trace.get("text") == ["unpriced"]]
    assert "Not drawn: unpriced, cost unknown." in chart.notes
    assert cells(chart)[-1] == [
        *("unpriced", "open", "0.970 [0.950, 0.990]", "unknown", "GO"),
        "not drawn: cost unknown",
    ]


def test_nothing_known_is_said_and_draws_an_empty_figure():
    chart = trade_off_chart(found(UNPRICED))
    assert "nothing is drawn" in chart.description
    assert len(chart.table.rows) == 1


def test_the_region_that_clears_the_bar_ends_at_its_limit():
    shapes = layout(trade_off_chart(found(CLOSED, OPEN, axis=Axis.TASKS, limit=5.0)))["shapes"]
    region = next(shape for shape in shapes if shape["type"] == "rect")
    assert (region["y0"], region["x1"]) == (0.85, 5.0)
    free = layout(trade_off_chart(found(CLOSED, OPEN)))["shapes"]
    assert next(shape for shape in free if shape["type"] == "rect")["x1"] > 0.01


def test_dollars_lie_on_a_logarithmic_axis_unless_something_is_free():
    assert layout(trade_off_chart(found(CLOSED, OPEN)))["xaxis"]["type"] == "log"
    free = point("free", 0.8, 0.0)
    assert "type" not in layout(trade_off_chart(found(CLOSED, free)))["xaxis"]


def test_an_interval_without_end_is_drawn_to_the_edge():
    slow = Point(
        name="slow",
        link="/runs/slow/",
        quality=Figure(value=0.9, low=0.8, high=0.95),
        outlay=Figure(value=1.0, low=0.5, high=inf),
    )
    chart = trade_off_chart(found(slow, OPEN, axis=Axis.LATENCY))
    edge = 10 ** layout(chart)["xaxis"]["range"][1]
    assert marker(chart, "slow")["error_x"]["array"][0] == pytest.approx(edge - 1.0, rel=1e-5)
    assert cells(chart)[-1][3] == "1.00 s [0.50 s, no bound]"


def test_names_are_shown_as_they_are_written():
    chart = trade_off_chart(found(point("<b>a & b</b>", 0.9, 0.1)))
    drawn = next(trace for trace in traces(chart) if trace.get("text"))
    assert drawn["text"] == ["&lt;b&gt;a &amp; b&lt;/b&gt;"]
    assert chart.table.rows[0].name == "<b>a & b</b>"


def test_two_names_that_would_meet_stand_above_and_below():
    near = [point(name, 0.90 + n / 1000, 0.002) for n, name in enumerate(("one", "two"))]
    chart = trade_off_chart(found(*near, CLOSED))
    sides = {marker(chart, name)["textposition"].split()[0] for name in ("one", "two")}
    assert sides == {"top", "bottom"}


def test_the_table_says_who_is_behind_whom():
    chart = trade_off_chart(found(OPEN, point("poor", 0.7, 0.1), point("next", 0.89, 0.003)))
    standings = {row[0]: row[-1] for row in cells(chart)}
    assert standings == {
        "open": "on the line",
        "next": "too close to call",
        "poor": "behind open and 1 more",
    }


def test_a_cost_per_accepted_answer_says_what_becomes_of_wrong_ones():
    chart = trade_off_chart(replace(found(OPEN), rule=AcceptedRule.DROPPED))
    assert "wrong answers are thrown away" in chart.notes[0]


def test_a_bar_without_a_threshold_draws_no_region():
    silent = trade_off([OPEN], axis=Axis.ACCEPTED, metric="exact_match")
    assert "shapes" not in layout(trade_off_chart(silent))
    assert "sets no least exact match" in trade_off_chart(silent).description
