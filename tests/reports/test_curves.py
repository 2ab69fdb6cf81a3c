"""Charts over trials, volumes and thresholds."""

from decimal import Decimal

from evals.domain.curves import (
    SHARES,
    CascadeCurve,
    CascadePoint,
    CostByVolume,
    LatencyCurve,
    LatencyCurves,
    VolumePoint,
)
from evals.domain.narrowing import Narrowing, NarrowingLine, Step, moments_of
from evals.reports.charts.cascades import cascade_chart
from evals.reports.charts.latencies import latency_chart
from evals.reports.charts.narrowing import narrowing_chart
from evals.reports.charts.volumes import volume_chart
from tests.reports.figures import cells, layout, traces

STEPS = [Step(places=10 * n, n=10, total=9.0, passed=9) for n in range(1, 6)]


def narrowing(*, is_fixed: bool, are_independent: bool = True) -> Narrowing:
    moments = moments_of(STEPS, stop_early=not is_fixed, are_independent=are_independent)
    lines = (NarrowingLine(name="open", moments=moments), NarrowingLine(name="none", moments=()))
    return Narrowing(metric="exact_match", threshold=0.85, is_fixed=is_fixed, lines=lines)


def test_a_fixed_plan_says_that_its_intervals_are_not_for_deciding_early():
    assert (
        narrowing_chart(narrowing(is_fixed=True))
        .notes[0]
        .startswith("Fixed plan: not for deciding early.")
    )
    assert "Fixed plan" not in " ".join(narrowing_chart(narrowing(is_fixed=False)).notes)


def test_narrowing_ends_with_the_whole_run_and_has_its_numbers_in_a_table():
    chart = narrowing_chart(narrowing(is_fixed=True))
    assert chart.description == "At the end: open 0.900 [0.786, 0.957]."
    assert cells(chart)[-1] == ["50", "0.900 [0.786, 0.957]"]
    band, line = traces(chart)
    assert line["x"] == [10, 20, 30, 40, 50]
    assert len(band["x"]) == 10


def test_trials_that_hang_together_have_a_line_without_a_band():
    chart = narrowing_chart(narrowing(is_fixed=True, are_independent=False))
    assert cells(chart)[-1] == ["50", "0.900"]
    assert "told once, for the whole run" in chart.notes[-1]


def test_latencies_are_told_at_every_share_that_is_drawn():
    seconds = tuple(0.1 * (place + 1) for place in range(len(SHARES)))
    curves = (LatencyCurve(name="open", n=500, seconds=seconds),)
    chart = latency_chart(LatencyCurves(curves=curves, limit_seconds=2.0))
    assert traces(chart)[0]["y"] == list(SHARES)
    assert len(cells(chart)) == len(SHARES)
    assert ["95 %", "2.00 s"] in cells(chart)
    assert chart.table.is_long
    assert chart.notes == ("The vertical line is the bar's limit for p95, 2 s.",)
    assert "half within 1.10 s, 95 % within 2.00 s, n = 500" in chart.description


def test_no_latency_at_all_is_said():
    assert "nothing is drawn" in latency_chart(LatencyCurves(curves=())).description


VOLUMES = CostByVolume(
    names=("closed-api", "own GPU", "unpriced"),
    points=tuple(
        VolumePoint(
            monthly_volume=volume,
            usd={"closed-api": Decimal(volume) / 1000, "own GPU": Decimal(1715), "unpriced": None},
        )
        for volume in (0, 1_000_000, 2_000_000)
    ),
    break_even=1_715_000,
    cheaper="own GPU",
    today=200_000,
    estimated=frozenset({"own GPU"}),
)


def test_the_break_even_point_is_marked_and_said():
    chart = volume_chart(VOLUMES)
    assert chart.description == "own GPU breaks even at 1,715,000 tasks a month."
    words = {note["text"] for note in layout(chart)["annotations"]}
    assert words == {"break-even 1,715,000", "today 200,000"}


def test_an_unknown_cost_is_in_the_table_alone_and_an_estimate_is_marked():
    chart = volume_chart(VOLUMES)
    assert [trace["name"] for trace in traces(chart)] == ["closed-api", "own GPU est."]
    assert cells(chart)[1] == ["1,000,000", "$1,000", "$1,715 est.", "unknown"]
    assert "Not drawn: unpriced, cost unknown." in chart.notes


def test_without_a_break_even_point_none_is_drawn():
    chart = volume_chart(CostByVolume(names=VOLUMES.names, points=VOLUMES.points))
    assert chart.description == "There is no break-even point in this range."
    assert "annotations" not in layout(chart)


CURVE = (
    CascadePoint(threshold=0.0, escalation=0.0, quality=0.6, usd_per_1k=Decimal(1)),
    CascadePoint(
        threshold=0.5, escalation=0.3, quality=0.8, usd_per_1k=Decimal(4), low=0.7, high=0.9
    ),
    CascadePoint(threshold=1.1, escalation=1.0, quality=0.8),
)


def test_a_cascade_shows_its_ceiling_its_floor_and_the_chosen_threshold():
    chart = cascade_chart(
        CascadeCurve(
            first="open",
            second="closed-api",
            points=CURVE,
            ceiling=0.9,
            floor=(0.6, 0.8),
            chosen=CURVE[1],
            bar=0.75,
        )
    )
    floor, curve, chosen = traces(chart)
    assert floor["y"] == [0.6, 0.8]
    assert curve["x"] == [0.0, 0.3, 1.0]
    assert (chosen["x"], chosen["y"]) == ([0.3], [0.8])
    words = {note["text"] for note in layout(chart)["annotations"]}
    assert words == {"ceiling 0.900", "bar 0.75"}
    assert "At threshold 0.5, 30.0 % escalate" in chart.description
    assert cells(chart) == [
        ["0", "0.0 %", "0.600", "$1.00", ""],
        ["0.5", "30.0 %", "0.800 [0.700, 0.900]", "$4.00", "chosen"],
        ["1.1", "100.0 %", "0.800", "unknown", ""],
    ]


def test_a_cascade_without_a_choice_says_so():
    curve = CascadeCurve(first="a", second="b", points=CURVE, ceiling=0.9, floor=(0.6, 0.8))
    assert cascade_chart(curve).description == "No threshold is chosen."


def test_an_axis_has_labels_however_little_of_it_is_shown():
    seconds = tuple(0.25 + 0.02 * share for share in SHARES)
    curve = LatencyCurve(name="steady", seconds=seconds, n=20)
    along = layout(latency_chart(LatencyCurves(curves=(curve,), limit_seconds=None)))["xaxis"]
    low, high = (10**end for end in along["range"])
    assert len(along["tickvals"]) >= 2
    assert all(low < tick < high for tick in along["tickvals"])
