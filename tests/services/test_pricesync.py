"""The table of public prices: idempotent, and nothing that was once known is lost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from evals.domain.publicprices import PublicPrice
from evals.domain.specs import PriceSpec
from evals.models import AuditEntry, CataloguePrice
from evals.queries.publicprices import price_for_key
from evals.services.pricesync import store_prices, sync_prices
from tests import make
from tests.known import known

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()


def price(usd, *, model="gpt-x", starts_on=None, **said):
    figures = PriceSpec(input_usd_per_mtok=Decimal(usd), output_usd_per_mtok=Decimal(10))
    return PublicPrice(
        provider="lab",
        provider_name="The Lab",
        model=model,
        model_name=model.upper(),
        starts_on=starts_on,
        price=figures,
        source_url="https://lab.example/prices",
        **said,
    )


def store(*prices, edition="prices 1", now=NOW):
    return store_prices(prices=prices, edition=edition, now=now)


def history(model="gpt-x"):
    rows = CataloguePrice.objects.filter(model=model).order_by("pk")
    return [(row.starts_on, row.figures["input_usd_per_mtok"], row.edition) for row in rows]


def in_effect(on=TODAY):
    return price_for_key("lab:gpt-x", on=on).input_usd_per_mtok


def test_the_installed_prices_are_stored_once():
    assert sync_prices(now=NOW) > 2_000
    assert sync_prices(now=NOW) == 0
    found = price_for_key("openai:gpt-4.1", on=TODAY)
    assert found.input_usd_per_mtok == Decimal(2)
    assert known(found.source).startswith("genai-prices ")


def test_a_second_storing_of_an_edition_changes_nothing():
    rows = price("3"), price("2", starts_on=date(2026, 10, 1))
    assert store(*rows) == 2
    before = history()
    assert store(*rows) == 0
    assert history() == before
    assert store(*rows, now=NOW + timedelta(days=3)) == 0
    assert history() == before


def test_a_price_that_begins_later_is_added_and_what_was_before_stays():
    store(price("3"))
    store(price("3"), price("2", starts_on=date(2026, 11, 1)), edition="prices 2")
    assert history() == [(None, "3", "prices 2"), (date(2026, 11, 1), "2", "prices 2")]
    assert in_effect(on=date(2026, 10, 31)) == 3
    assert in_effect() == 2


def test_a_corrected_price_holds_from_the_day_it_was_learnt():
    store(price("3"), now=NOW - timedelta(days=90))
    for _ in range(2):
        store(price("4"), edition="prices 2")
        assert history() == [(None, "3", "prices 2"), (TODAY, "4", "prices 2")]
    assert in_effect(on=TODAY - timedelta(days=1)) == 3
    assert in_effect() == 4
    store(price("4"), edition="prices 3", now=NOW + timedelta(days=9))
    assert len(history()) == 2


def test_a_price_that_is_gone_stays_with_the_edition_that_had_it_last():
    store(price("3"), price("1", model="gpt-y"))
    store(price("1", model="gpt-y"), edition="prices 2")
    assert history() == [(None, "3", "prices 1")]
    assert in_effect() == 3


def test_a_price_that_was_to_come_and_is_not_said_any_more_never_holds():
    later = TODAY + timedelta(days=30)
    store(price("3"), price("9", starts_on=later))
    assert in_effect(on=later) == 9
    store(price("3"), price("8", starts_on=later), edition="prices 2")
    assert in_effect(on=later) == 8
    store(price("3"), edition="prices 3")
    assert in_effect(on=later) == 3


def test_what_stands_beside_a_price_is_kept():
    store(price("3", also=("web searches",), batch_offered=Decimal("0.5")))
    row = CataloguePrice.objects.get()
    assert (row.figures["also"], row.figures["batch_offered"]) == (["web searches"], "0.5")
    assert price_for_key("lab:gpt-x", on=TODAY).batch_multiplier is None


def test_every_team_reads_in_its_log_that_prices_were_updated_and_only_then():
    team, other = make.team(), make.team("Another team")
    store(price("3"))
    store(price("3"))
    lines = AuditEntry.objects.filter(action="public prices updated")
    assert {line.team for line in lines} == {team, other}
    assert [(line.subject, line.details) for line in lines] == [
        ("edition prices 1", {"added": 1})
    ] * 2
