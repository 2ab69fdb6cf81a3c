"""How numbers read: one place, one way; what is unknown is a dash and never nothing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from evals.queries import figures


@pytest.mark.parametrize(
    "shown",
    [
        figures.count,
        figures.rate,
        figures.difference,
        figures.usd,
        figures.seconds,
        figures.probability,
        figures.duration,
    ],
)
def test_unknown_is_a_dash(shown: Any):
    assert shown(None) == "—"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (2960, "$2,960"),
        (14.8, "$14.80"),
        (Decimal("1.31"), "$1.31"),
        (0.44, "$0.44"),
        (0.00039, "$0.00039"),
        (0.0000784, "$0.000078"),
    ],
)
def test_dollars_have_the_digits_that_count(value: float, text: str):
    assert figures.usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.84, "0.84 s"), (12.42, "12.4 s"), (140.2, "140 s"), (0.0031, "0.0031 s"), (0, "0.00 s")],
)
def test_seconds_have_the_digits_that_count(value: float, text: str):
    assert figures.seconds(value) == text


def test_rates_and_differences_have_three_places_and_a_true_minus():
    assert figures.rate(0.8821) == "0.882"
    assert figures.interval(0.861, 0.901) == "[0.861, 0.901]"
    assert figures.difference(0.008) == "+0.008"
    assert figures.difference_interval(-0.027, 0.008) == "[\N{MINUS SIGN}0.027, +0.008]"
    assert figures.interval(None, 0.9) == ""


def test_a_chance_is_never_certain():
    assert figures.probability(1.0) == "over 0.99"
    assert figures.probability(0.0) == "under 0.01"
    assert figures.probability(0.4) == "0.40"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (42, "42 s"), (180, "3 min"), (7500, "2 h 5 min"), (7200, "2 h"), (3e5, "3 d")],
)
def test_durations_are_in_the_unit_that_people_would_use(seconds: float, text: str):
    assert figures.duration(timedelta(seconds=seconds)) == text


def test_a_threshold_stands_as_it_was_written():
    assert figures.threshold("exact_match", 0.85) == "0.85"
    assert figures.threshold("latency_p95_seconds", 2.0) == "2 s"
    assert figures.threshold("cost_per_1k_usd", 1.5) == "$1.50"


def test_one_is_singular():
    assert figures.plural(1, "task") == "1 task"
    assert figures.plural(3080, "sample") == "3,080 samples"
