"""Who is exposed to whom, and how concentrated that is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.exposure import exposure_of, vendor_of
from tests.domain.positions import closed, open_model, position
from tests.known import known


def spending(*usd):
    """Return a task for each amount, each on a vendor of its own."""
    return [
        position(
            monthly_volume=1,
            incumbent=closed(developer=f"Lab {number}", cost_per_task_usd=Decimal(amount)),
        )
        for number, amount in enumerate(usd)
    ]


@pytest.mark.parametrize(
    ("amounts", "index"), [([1], 10_000), ([70, 30], 5800), ([25, 25, 25, 25], 2500), ([0], None)]
)
def test_methods_3_3_concentration_by_spend(amounts, index):
    assert exposure_of(spending(*amounts)).hhi_by_spend == index


@given(st.lists(st.decimals(Decimal("0.01"), 1000, places=2), min_size=1, max_size=8))
def test_concentration_lies_between_equal_shares_and_one_vendor(amounts):
    index = known(exposure_of(spending(*amounts)).hhi_by_spend)
    assert round(10_000 / len(amounts)) - 1 <= index <= 10_000


def test_a_closed_model_hangs_on_its_developer_and_an_open_one_on_its_host():
    assert vendor_of(closed()) == "ExampleAI"
    assert vendor_of(open_model(host="host.example.org")) == "host.example.org"
    assert vendor_of(open_model()) == "own hardware"
    assert vendor_of(closed(developer=None)) == "api.example.com"


def test_shares_of_spend_and_of_tasks():
    other = position(incumbent=closed(developer="OtherAI", cost_per_task_usd=Decimal("0.03")))
    exposure = exposure_of([position(), position(), other, position(incumbent=None)])
    assert [v.vendor for v in exposure.vendors] == ["OtherAI", "ExampleAI"]
    assert [v.spend_share for v in exposure.vendors] == [Decimal("0.6"), Decimal("0.4")]
    assert [v.tasks for v in exposure.vendors] == [1, 2]
    assert exposure.hhi_by_spend == 5200
    assert exposure.known_usd == 5000


def test_unknown_spend_is_counted_apart():
    exposure = exposure_of([position(), position(incumbent=closed(cost_per_task_usd=None))])
    (vendor,) = exposure.vendors
    assert vendor.usd == 1000
    assert vendor.spend_share == 1
    assert exposure.unpriced_tasks == vendor.unpriced_tasks == 1


def test_where_nothing_has_a_price_the_spend_is_unknown():
    exposure = exposure_of([position(monthly_volume=None)])
    assert exposure.known_usd is None
    assert exposure.hhi_by_spend is None
    assert exposure.vendors[0].usd is None


def test_a_vendor_nobody_knows_leaves_the_concentration_unknown():
    exposure = exposure_of([position(incumbent=closed(developer=None, host=None)), position()])
    assert exposure.hhi_by_tasks is None
