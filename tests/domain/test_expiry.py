from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.expiry import PRICE, RETIREMENT, expiry_of

COMPUTED = date(2026, 11, 22)
DATES = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("priced_on", "retires_on", "on", "reason"),
    [
        (None, None, date(2027, 2, 20), "90 days after it was computed"),
        (date(2026, 10, 1), None, date(2026, 12, 30), "90 days after its price of 2026-10-01"),
        (date(2026, 10, 1), date(2026, 12, 11), date(2026, 12, 11), "the model is retired then"),
        (COMPUTED, date(2027, 12, 1), date(2027, 2, 20), "90 days after its price of 2026-11-22"),
        (None, date(2027, 2, 20), date(2027, 2, 20), "the model is retired then"),
    ],
)
def test_a_verdict_holds_until_the_first_of_its_grounds_is_too_old(
    priced_on, retires_on, on, reason
):
    found = expiry_of(computed_on=COMPUTED, priced_on=priced_on, retires_on=retires_on)
    assert (found.on, found.reason) == (on, reason)


def test_what_is_unknown_is_left_out_and_named():
    found = expiry_of(computed_on=COMPUTED, priced_on=None, retires_on=None)
    assert found.unknown == (PRICE, RETIREMENT)
    known = expiry_of(computed_on=COMPUTED, priced_on=COMPUTED, retires_on=COMPUTED)
    assert known.unknown == ()


def test_a_verdict_still_holds_on_its_last_day():
    found = expiry_of(computed_on=COMPUTED, priced_on=None, retires_on=None)
    assert not found.is_past(found.on)
    assert found.is_past(found.on + timedelta(days=1))


@given(DATES, st.none() | DATES, st.none() | DATES)
def test_knowing_more_never_makes_a_verdict_hold_longer(computed_on, priced_on, retires_on):
    found = expiry_of(computed_on=computed_on, priced_on=priced_on, retires_on=retires_on)
    less = expiry_of(computed_on=computed_on, priced_on=None, retires_on=retires_on)
    assert found.on <= less.on <= computed_on + timedelta(days=90)
