"""Concentration, retirement and jurisdictions."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.modelfacts import Host, ModelFacts
from evals.domain.supply import herfindahl, others_than_developer, retirement_of, supply_of
from tests.known import known

TODAY = date(2026, 11, 22)


def facts(**known):
    return ModelFacts(identifier="lab/m", name="m", **known)


@pytest.mark.parametrize(
    ("shares", "index"), [([1], 10_000), ([70, 30], 5_800), ([25, 25, 25, 25], 2_500)]
)
def test_the_published_vectors_of_the_index_hold(shares, index):
    assert herfindahl([Fraction(share) for share in shares]) == index


@given(st.lists(st.fractions(min_value="1/100", max_value=100), min_size=1, max_size=20))
def test_the_index_lies_between_equal_shares_and_a_single_supplier(shares):
    assert round(10_000 / len(shares)) <= herfindahl(shares) <= 10_000


@pytest.mark.parametrize("shares", [[], [0], [1, -1], [2, -1]])
def test_there_is_no_index_of_no_shares(shares):
    with pytest.raises(ValueError, match="need shares"):
        herfindahl([Fraction(share) for share in shares])


def test_gateways_are_no_independent_hosts():
    hosts = (
        Host(name="Lab", jurisdiction="FR"),
        Host(name="Cloud", jurisdiction="US"),
        Host(name="Router", jurisdiction="DE", is_gateway=True),
    )
    supply = supply_of(facts(hosts=hosts, jurisdiction="FR", developer="lab"), today=TODAY)
    assert [host.name for host in known(supply.independent)] == ["Lab", "Cloud"]
    assert supply.hhi == 5_000
    assert supply.jurisdictions == ("FR", "US")
    assert [host.name for host in supply.gateways] == ["Router"]
    assert len(others_than_developer(facts(hosts=hosts, developer="lab"))) == 1


def test_unknown_hosts_stay_unknown_and_no_host_has_no_index():
    assert supply_of(facts(), today=TODAY).independent is None
    assert supply_of(facts(), today=TODAY).hhi is None
    assert supply_of(facts(hosts=()), today=TODAY).independent == ()
    assert supply_of(facts(hosts=()), today=TODAY).hhi is None


@pytest.mark.parametrize(
    ("day", "days", "is_past"),
    [(date(2026, 12, 10), 18, False), (TODAY, 0, True), (date(2026, 11, 1), -21, True)],
)
def test_a_retirement_is_so_many_days_off_or_past(day, days, is_past):
    retirement = known(retirement_of(facts(retires_on=day), today=TODAY))
    assert (retirement.days, retirement.is_past) == (days, is_past)


def test_no_date_is_no_retirement():
    assert retirement_of(facts(), today=TODAY) is None
