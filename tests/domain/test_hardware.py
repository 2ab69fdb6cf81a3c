"""Rows of hardware: their price by the hour, how they are read, and amounts as people type them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.goodput import goodput
from evals.domain.hardware import Hardware, PriceBasis, owned_usd_per_hour, usd_per_hour
from evals.domain.hardwarerows import read_hardware, written_hardware
from evals.domain.problems import InputError

BOUGHT: dict[str, Any] = {
    "purchase_usd": Decimal(7300),
    "amortisation_months": 10,
    "power_watts": Decimal(500),
    "electricity_usd_per_kwh": Decimal("0.20"),
}


def test_an_hour_of_bought_hardware_is_its_share_of_the_price_and_its_electricity():
    assert owned_usd_per_hour(Hardware(key="x", name="X", **BOUGHT)) == Decimal("1.10")


@pytest.mark.parametrize("missing", BOUGHT)
def test_an_hour_of_bought_hardware_is_unknown_where_any_of_its_figures_is(missing):
    assert owned_usd_per_hour(Hardware(key="x", name="X", **{**BOUGHT, missing: None})) is None


def test_each_way_to_pay_has_its_own_price_and_the_unknown_one_stays_unknown():
    row = Hardware(key="x", name="X", on_demand_usd_per_hour=Decimal(2))
    assert usd_per_hour(row, PriceBasis.ON_DEMAND) == 2
    assert usd_per_hour(row, PriceBasis.SPOT) is None
    assert usd_per_hour(row, PriceBasis.PURCHASE) is None


def test_a_row_reads_back_as_it_was_written():
    figures = {
        "name": "X",
        "maker": "Y",
        "memory_gb": "24",
        "on_demand_usd_per_hour": "0.80",
        "amortisation_months": 36,
        "dated_on": "2026-11-22",
        "sources": [{"url": "https://x.example", "opened_on": "2026-11-22", "says": "24 GB"}],
    }
    row = read_hardware("x", figures)
    assert row.memory_gb == 24
    assert row.dated_on == date(2026, 11, 22)
    assert row.spot_usd_per_hour is None
    assert read_hardware("x", written_hardware(row)) == row


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({}, "a row needs a name"),
        ({"name": "X", "memory_gb": -1}, "expected 0.5 to 20000 GB"),
        ({"name": "X", "memory_gb": True}, "expected a number of GB"),
        ({"name": "X", "memory_gb": "NaN"}, "expected a number of GB"),
        ({"name": "X", "on_demand_usd_per_hour": 0}, "leave out what is unknown"),
        ({"name": "X", "on_demand_usd_per_hour": 99999}, "expected 0.001 to 1000"),
        ({"name": "X", "spot_usd_per_hour": "cheap"}, "found 'cheap', expected a number"),
        ({"name": "X", "dated_on": "yesterday"}, "expected a day such as"),
        ({"name": "X", "sources": "a book"}, "expected a list"),
        ({"name": "X", "sources": [{"url": "http://x"}]}, "an https address"),
        ({"name": "X", "sources": [{"url": "https://x"}]}, "the day on which it was opened"),
        ({"name": "X", "colour": "red"}, "unknown figure 'colour'"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_with_what_is_wrong(figures, message):
    with pytest.raises(InputError, match=message):
        read_hardware("x", figures)


def level(concurrency, tasks, *, within, **tokens):
    return {
        "concurrency": concurrency,
        "tasks_per_hour": tasks,
        "is_within_bar": within,
        "p95_seconds": 1.5,
        **tokens,
    }


def test_the_goodput_is_the_best_level_that_kept_to_the_bar():
    best = goodput(
        [
            level(1, 900.0, within=True),
            level(
                8,
                5200.5,
                within=True,
                input_tokens_per_second=800.0,
                output_tokens_per_second=200.0,
            ),
            level(32, 9000.0, within=False),
        ]
    )
    assert best is not None
    assert (best.concurrency, best.tasks_per_hour) == (8, Decimal("5200.5"))
    assert best.tokens_per_second == 1000


def test_where_no_level_kept_to_the_bar_the_goodput_is_unknown():
    assert goodput([]) is None
    assert goodput([level(1, 900.0, within=False), level(2, 0, within=True)]) is None
    known = goodput([level(1, 900.0, within=True)])
    assert known is not None
    assert known.tokens_per_second is None
