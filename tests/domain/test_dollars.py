from decimal import Decimal

import pytest

from evals.domain.dollars import AmountError, parse_dollars, price_warnings
from evals.domain.specs import PriceSpec
from tests.domain.plans import candidate


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("2.50", "2.50"),
        (" $2.5 ", "2.5"),
        ("2.5 USD", "2.5"),
        ("USD 2.5", "2.5"),
        (".05", "0.05"),
        ("0", "0"),
        ("10000", "10000"),
        ("0.1234567890123456789012345", "0.1234567890123456789012345"),
    ],
)
def test_an_amount_is_read_exactly_as_it_is_written(typed, amount):
    assert str(parse_dollars(typed)) == amount


@pytest.mark.parametrize(
    ("typed", "amount"),
    [(" 1,599 ", "1599"), ("$35,000.50", "35000.50"), ("US$3", "3"), (".8 usd", "0.8")],
)
def test_what_is_bought_may_cost_any_amount_with_groups_of_thousands(typed, amount):
    assert str(parse_dollars(typed, is_purchase=True)) == amount


@pytest.mark.parametrize("typed", ["1,59", "1,5990", "$", "", "two", "€2,500", "-1,599"])
def test_what_is_bought_is_read_with_care_too(typed):
    with pytest.raises(AmountError):
        parse_dollars(typed, is_purchase=True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("€2.50", "Found “€2.50”, expected US dollars: convert other currencies"),
        ("2.50 EUR", "expected US dollars: convert other currencies"),
        ("2,50 EUR", "expected US dollars: convert other currencies"),
        ("£2", "expected US dollars"),
        ("2,50", "expected a point and no commas, such as 2.50"),
        ("1,250.00", "expected a point and no commas"),
        ("-1", "expected an amount greater than or equal to 0"),
        ("10000.01", "expected at most $10,000"),
        ("cheap", "expected an amount in US dollars, such as 2.50"),
        ("1e3", "expected US dollars"),
        ("NaN", "expected an amount in US dollars"),
    ],
)
def test_what_is_no_amount_of_dollars_is_told_with_what_was_found(typed, said):
    with pytest.raises(AmountError) as caught:
        parse_dollars(typed)
    assert said in str(caught.value)


def test_an_absurd_price_of_a_spec_is_warned_of():
    absurd = PriceSpec(input_usd_per_mtok=Decimal(25_000), output_usd_per_mtok=Decimal(1))
    (warning,) = price_warnings([candidate("a", price=absurd), candidate("b", price=None)])
    assert warning == (
        "a: $25,000 per million input tokens is more than anybody asks, is it meant so?"
    )
