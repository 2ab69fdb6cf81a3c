"""The catalogue's shocks: all twelve, with their sources, and what is refused."""

from decimal import Decimal

import pytest

from evals.domain.problems import InputError
from evals.domain.shocks import Affects, Availability
from evals.queries.presets import presets, read_presets

ROW = """
- id: price-down
  name: Cheaper
  date: 2025-06-10
  event: It gets cheaper.
  parameters: {affects: model, price_multiplier: 0.2}
  source: {url: "https://example.com", opened_on: 2026-11-22, says: prices}
  reported_by: Example
"""


def test_methods_6_presets():
    found = {preset.identifier: preset.shock for preset in presets()}
    assert list(found) == [
        *("price-down", "price-up-new-generation", "gpu-up", "gpu-down", "region-block"),
        *("ownership-ban", "partner-cut", "policy-cutoff", "deprecation", "outage-long"),
        *("silent-degrade", "silent-drift"),
    ]
    assert found["price-down"].price_multiplier == Decimal("0.2")
    assert found["price-up-new-generation"].price_multiplier == 4
    assert found["gpu-up"].price_multiplier == Decimal("1.38")
    assert found["gpu-down"].price_multiplier == Decimal("0.56")
    assert found["gpu-down"].affects is Affects.GPU
    assert found["region-block"].availability is Availability.REGION
    assert found["region-block"].notice_days == 14
    assert found["ownership-ban"].notice_days == 0
    assert found["partner-cut"].notice_days == 4
    assert found["policy-cutoff"].availability is Availability.ALL
    assert found["deprecation"].notice_days == 183
    assert found["outage-long"].outage_hours == 15
    assert found["silent-degrade"].quality_delta == Decimal("-0.16")
    assert found["silent-drift"].quality_delta == Decimal("-0.33")


def test_every_preset_has_a_source_and_says_who_reported_it():
    for preset in presets():
        assert preset.source.url.startswith("https://")
        assert preset.reported_by
        assert not preset.shock.is_null


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("price_multiplier: 0.2", "price_multiplier: -1", "expected a number from 0 to 1000"),
        ("affects: model", "affects: moon", "expected one of model"),
        ("reported_by: Example", "", "reported_by is missing"),
        ("https://", "ftp://", "expected a source with url"),
        ("2025-06-10", "soon", "expected a date"),
        ("name: Cheaper", "name: Cheaper\n  colour: red", "colour is unknown"),
        ("opened_on: 2026-11-22, ", "", "opened_on"),
    ],
)
def test_a_wrong_row_is_refused_by_its_name(found, instead, said):
    with pytest.raises(InputError) as caught:
        read_presets(ROW.replace(found, instead))
    assert "shocks.yaml, price-down" in str(caught.value)
    assert said in str(caught.value)


def test_a_preset_that_is_there_twice_is_refused():
    with pytest.raises(InputError, match="there twice"):
        read_presets(ROW + ROW)


def test_a_file_that_is_no_list_is_refused():
    with pytest.raises(InputError, match="expected a list"):
        read_presets("price-down: 1")
