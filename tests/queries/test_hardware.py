"""The catalogue of hardware, every row of it, and a team's own rows over it."""

from datetime import date
from decimal import Decimal

import pytest

from evals.domain.hardware import Hardware
from evals.models import AuditEntry, TeamHardware
from evals.queries.hardware import catalogue, hardware_for, team_rows
from evals.services.hardware import remove_hardware, restore_hardware, save_hardware
from tests import make

READ_ON = date(2026, 11, 22)


def test_there_are_about_twenty_rows():
    assert 18 <= len(catalogue()) <= 30


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_row_is_dated_sourced_and_of_a_plausible_size(key):
    row = catalogue()[key]
    assert row.name
    assert row.maker
    assert row.dated_on is not None
    assert date(2024, 1, 1) < row.dated_on <= READ_ON
    assert row.sources
    for source in row.sources:
        assert source.url.startswith("https://")
        assert source.opened_on == READ_ON
        assert source.says
    assert row.memory_gb is not None
    assert 8 <= row.memory_gb <= 512
    assert row.bandwidth_gb_per_second is None or 100 <= row.bandwidth_gb_per_second <= 10_000
    assert row.power_watts is None or 20 <= row.power_watts <= 2_000


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_price_is_plausible_and_says_who_charges_it(key):
    row = catalogue()[key]
    on_demand, spot = row.on_demand_usd_per_hour, row.spot_usd_per_hour
    assert on_demand is not None or row.purchase_usd is not None
    assert on_demand is None or (Decimal("0.05") <= on_demand <= 20 and row.provider)
    assert spot is None or on_demand is None or spot < on_demand
    assert row.purchase_usd is None or 500 <= row.purchase_usd <= 50_000
    # How long it is written off over and what electricity costs are the team's own figures.
    assert row.amortisation_months is None
    assert row.electricity_usd_per_kwh is None


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_figure_stands_in_a_source_of_its_row(key):
    row = catalogue()[key]
    said = " ".join(source.says for source in row.sources).replace(",", "")
    for figure in (row.on_demand_usd_per_hour, row.spot_usd_per_hour, row.purchase_usd):
        if figure is not None and "a second" not in said:
            assert f"${figure:f}" in said, figure
    for figure, scaled in ((row.bandwidth_gb_per_second, True), (row.power_watts, False)):
        if figure is not None:
            terabytes = f"{figure / 1000:f}"
            assert f"{figure:f}" in said or (scaled and f"{terabytes} TB/s" in said), figure


def test_the_newest_row_of_a_team_counts_and_no_other_team_sees_it(team, django_assert_num_queries):
    for price in ("1.10", "1.20"):
        save(team, "l4", on_demand_usd_per_hour=Decimal(price))
    with django_assert_num_queries(1):
        assert hardware_for(team.pk)["l4"].on_demand_usd_per_hour == Decimal("1.20")
    assert hardware_for(make.team().pk)["l4"] == catalogue()["l4"]


def test_what_a_team_removes_is_off_its_list_and_comes_back_as_it_was(team):
    save(team, "l4", on_demand_usd_per_hour=Decimal("1.10"))
    version = team_rows(team.pk)["l4"]
    remove_hardware(team=team, hardware=hardware_for(team.pk)["l4"], user=None)
    assert "l4" not in hardware_for(team.pk)
    restore_hardware(team=team, key="l4", version=version, user=None)
    assert hardware_for(team.pk)["l4"].on_demand_usd_per_hour == Decimal("1.10")
    restore_hardware(team=team, key="l4", version=None, user=None)
    assert hardware_for(team.pk)["l4"] == catalogue()["l4"]
    lines = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(lines) == ["hardware changed", "hardware removed", *["hardware restored"] * 2]


def test_saving_what_is_there_writes_nothing(team):
    for _ in range(2):
        save(team, "own", memory_gb=Decimal(24))
    assert TeamHardware.objects.count() == 1
    assert AuditEntry.objects.get().action == "hardware added"


def save(team, key, **figures):
    save_hardware(team=team, hardware=Hardware(key=key, name="L4", **figures), user=None)
