"""Shocks read strictly, written and read again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.problems import InputError
from evals.domain.shocks import Affects, Availability, Shock, shock_from_mapping, shock_mapping


def problems(**values):
    with pytest.raises(InputError) as caught:
        shock_from_mapping({"affects": "model", **values})
    return str(caught.value)


def test_what_is_left_out_changes_nothing():
    assert shock_from_mapping({"affects": "host"}).is_null


@given(
    st.builds(
        Shock,
        affects=st.sampled_from([a for a in Affects if a is not Affects.GPU]),
        target=st.none() | st.sampled_from(["US", "FR"]),
        price_multiplier=st.decimals(0, 1000, places=3),
        quality_delta=st.decimals(-1, 1, places=4),
        outage_hours=st.decimals(0, 8784, places=1),
        notice_days=st.none() | st.integers(0, 3660),
        availability=st.none() | st.sampled_from(Availability),
    )
)
def test_a_shock_is_read_as_it_was_written(shock):
    assert shock_from_mapping(shock_mapping(shock)) == shock


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("price_multiplier", -1, "column 'price_multiplier': found -1, expected a number from 0"),
        ("price_multiplier", 1e9, "to 1000"),
        ("price_multiplier", "NaN", "expected a number"),
        ("price_multiplier", True, "expected a number"),
        ("quality_delta", -2, "from -1 to 1"),
        ("outage_hours", 9000, "to 8784"),
        ("notice_days", -1, "from 0"),
        ("notice_days", 1.5, "expected whole days"),
        ("availability", "nobody", "expected one of all, region, owner"),
        ("affects", "moon", "expected one of model, developer, host, jurisdiction, gpu"),
        ("price", 4, "unknown, expected one of"),
        ("target", 7, "expected a name"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused_with_its_name(name, value, said):
    found = problems(**{name: value})
    assert said in found
    assert repr(name) in found


def test_an_unknown_country_is_refused():
    assert "found 'Atlantis'" in problems(affects="jurisdiction", target="Atlantis")
    assert "found 'ZZ'" in problems(affects="jurisdiction", target="ZZ")
    assert shock_from_mapping({"affects": "jurisdiction", "target": "us"}).target == "US"


def test_every_problem_is_told_at_once():
    assert len(problems(price_multiplier=-1, notice_days=-2).splitlines()) == 2


def test_hardware_changes_its_price_alone():
    assert "found gpu" in problems(affects="gpu", availability="all")
    shock = shock_from_mapping({"affects": "gpu", "price_multiplier": "1.38"})
    assert shock.price_multiplier == Decimal("1.38")
