"""Self-hosted cost against the vectors of the house methods, and laws that hold for any fleet."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.hosting import (
    Fleet,
    break_even_tasks,
    break_even_utilisation,
    break_even_volume,
    fleet_break_even_utilisation,
    hosted_month,
    usd_per_mtok,
)

RATE, TOKENS = Decimal("2.35"), Decimal(2000)
TOKENS_PER_HOUR = TOKENS * 3600 / 1_000_000


@pytest.mark.parametrize(
    ("load", "expected"),
    [("1", "0.3264"), ("0.5", "0.6528"), ("0.2", "1.632"), ("0.05", "6.528")],
)
def test_a_million_tokens_cost_what_the_vectors_say_at_each_utilisation(load, expected):
    cost = usd_per_mtok(RATE, TOKENS, Decimal(load))
    assert cost == pytest.approx(Decimal(expected), rel=Decimal("0.0002"))


def test_the_break_even_utilisation_is_that_of_the_vector():
    found = break_even_utilisation(RATE, TOKENS_PER_HOUR, Decimal("0.60"))
    assert found == pytest.approx(Decimal("0.544"), abs=Decimal("0.0005"))


def test_the_break_even_volume_is_that_of_the_vectors_with_and_without_marginal_cost():
    month = RATE * 730
    alone = break_even_volume(month, Decimal("0.60"))
    beside = break_even_volume(month, Decimal("0.60"), Decimal("0.05"))
    assert alone == pytest.approx(2859, abs=1)
    assert beside == pytest.approx(3119, abs=1)


def test_what_costs_as_much_for_each_task_never_breaks_even():
    assert break_even_volume(Decimal(100), Decimal("0.05"), Decimal("0.05")) is None
    assert break_even_tasks(fleet(marginal_usd_per_task=Decimal(1)), Decimal(1)) is None
    assert fleet_break_even_utilisation(fleet(marginal_usd_per_task=Decimal(1)), Decimal(1)) is None


def test_an_api_that_charges_nothing_has_no_break_even_utilisation():
    assert break_even_utilisation(RATE, TOKENS_PER_HOUR, Decimal(0)) is None


@pytest.mark.parametrize("throughput", [0, -5])
def test_a_throughput_of_nothing_is_refused_and_is_no_cost_of_nothing(throughput):
    with pytest.raises(ValueError, match="expected a throughput above 0"):
        usd_per_mtok(RATE, Decimal(throughput), Decimal(1))
    with pytest.raises(ValueError, match="expected a throughput above 0"):
        fleet(tasks_per_hour=Decimal(throughput))


@pytest.mark.parametrize("load", ["0", "1.01", "-0.1"])
def test_a_utilisation_that_cannot_be_is_refused(load):
    with pytest.raises(ValueError, match="utilisation above 0 and at most 1"):
        usd_per_mtok(RATE, TOKENS, Decimal(load))
    with pytest.raises(ValueError, match="utilisation above 0 and at most 1"):
        fleet(utilisation=Decimal(load))


@pytest.mark.parametrize(
    "wrong",
    [
        {"usd_per_hour": Decimal(-1)},
        {"gpus_per_replica": 0},
        {"spare_gpus": -1},
        {"operations_share": Decimal("-0.1")},
        {"marginal_usd_per_task": Decimal(-1)},
    ],
)
def test_a_fleet_of_negative_parts_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        fleet(**wrong)


@pytest.mark.parametrize("volume", [0, -1])
def test_a_volume_of_nothing_is_refused(volume):
    with pytest.raises(ValueError, match="expected a monthly volume above 0"):
        hosted_month(fleet(), volume)


def test_gpus_come_in_whole_steps_with_spare_ones_and_a_share_of_operations():
    # One replica is given 1,000 an hour x 730 h x 0.5 = 365,000 tasks a month.
    made = fleet(gpus_per_replica=2, spare_gpus=1, operations_share=Decimal("0.25"))
    assert (hosted_month(made, 365_000).replicas, hosted_month(made, 365_000).gpus) == (1, 3)
    assert (hosted_month(made, 365_001).replicas, hosted_month(made, 365_001).gpus) == (2, 5)
    assert hosted_month(made, 365_000).usd == 3 * 730 * Decimal("1.25")


def test_the_load_is_the_share_of_the_replicas_throughput_without_spare_ones():
    assert hosted_month(fleet(spare_gpus=3), 73_000).load == Decimal("0.1")


def test_the_break_even_volume_of_one_always_on_gpu_is_its_bill_over_the_price():
    assert break_even_tasks(fleet(), Decimal("0.01")) == 73_000
    assert fleet_break_even_utilisation(fleet(), Decimal("0.01")) == Decimal("0.1")


def test_a_spare_gpu_is_paid_off_too():
    # Two GPUs cost $1,460, and one replica takes 365,000 tasks: at $0.003 each they bring $1,095.
    assert break_even_tasks(fleet(spare_gpus=1), Decimal("0.003")) == 730_000


def test_hardware_dearer_than_the_api_at_full_use_never_pays():
    assert break_even_tasks(fleet(), Decimal("0.001")) is None
    assert fleet_break_even_utilisation(fleet(), Decimal("0.0005")) == 2


MONEY = st.decimals("0.0001", "50", places=4)
FLEETS = st.builds(
    Fleet,
    usd_per_hour=st.decimals("0.01", "100", places=2),
    gpus_per_replica=st.integers(1, 8),
    tasks_per_hour=st.decimals("1", "100000", places=1),
    utilisation=st.decimals("0.05", "1", places=2),
    spare_gpus=st.integers(0, 3),
    operations_share=st.decimals("0", "2", places=2),
    marginal_usd_per_task=st.decimals("0", "0.01", places=4),
)


@given(FLEETS, MONEY)
def test_at_its_break_even_a_fleet_costs_no_more_than_the_api_and_one_task_before_it_does(
    made, price
):
    volume = break_even_tasks(made, price)
    if volume is None:
        return
    assert hosted_month(made, volume).usd <= volume * price
    if volume > 1:
        assert hosted_month(made, volume - 1).usd > (volume - 1) * price


@given(FLEETS, st.integers(1, 10**7), st.integers(0, 10**6))
def test_more_tasks_never_cost_less_and_no_replica_is_given_more_than_allowed(made, volume, more):
    month, later = hosted_month(made, volume), hosted_month(made, volume + more)
    assert later.usd >= month.usd
    assert later.gpus >= month.gpus
    assert 0 < month.load <= made.utilisation * (1 + Decimal("1e-20"))


def fleet(**parts):
    usual = {
        "usd_per_hour": Decimal(1),
        "gpus_per_replica": 1,
        "tasks_per_hour": Decimal(1000),
        "utilisation": Decimal("0.5"),
    }
    return Fleet(**{**usual, **parts})
