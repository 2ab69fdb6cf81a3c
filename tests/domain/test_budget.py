from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.budget import (
    Purse,
    may_ask,
    question_tokens,
    text_tokens,
    worst_case_usd,
)
from evals.domain.specs import HarnessSpec, PriceSpec
from evals.domain.trials import Question, Reply, TrialState, Usage

PRICE = PriceSpec(input_usd_per_mtok=Decimal(2), output_usd_per_mtok=Decimal(10))
HARNESS = HarnessSpec(prompt="", max_tokens=100)
QUESTION = Question(sample=0, epoch=0, prompt="x" * 184, system="y" * 184)  # 200 tokens at most
WORST = Decimal("0.0014")


def answered(tokens_in: int | None = 40, tokens_out: int | None = 3) -> Reply:
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
    return Reply(state=TrialState.OK, output="yes", usage=usage)


def test_the_worst_case_is_the_longest_prompt_and_the_longest_answer():
    assert question_tokens(QUESTION) == 200
    assert worst_case_usd(QUESTION, price=PRICE, harness=HARNESS) == WORST


@pytest.mark.parametrize(
    ("price", "worst"),
    [
        (None, None),
        (PriceSpec(usd_per_request=Decimal("0.01")), Decimal("0.01")),
        (PriceSpec(usd_per_hour=Decimal(3)), 0),
        (PriceSpec(input_usd_per_mtok=Decimal(1)), None),
    ],
)
def test_other_prices_have_their_own_worst_case(price, worst):
    assert worst_case_usd(QUESTION, price=price, harness=HARNESS) == worst


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("word", 2), ("日本語", 5), ("é", 1), ("\ud800", 1)]
)
def test_no_text_is_taken_for_shorter_than_it_is(text, tokens):
    assert text_tokens(text) == tokens


def test_what_is_in_flight_counts_against_the_budget():
    budget = Decimal(1)
    assert may_ask(budget=budget, spent=Decimal(0), in_flight=Decimal(0), following=budget)
    half = Decimal("0.5")
    assert may_ask(budget=budget, spent=half, in_flight=Decimal("0.4"), following=Decimal("0.1"))
    assert not may_ask(budget=budget, spent=half, in_flight=half, following=Decimal("0.01"))
    assert may_ask(budget=None, spent=half, in_flight=half, following=half)
    assert may_ask(budget=budget, spent=budget, in_flight=half, following=None)


def test_a_purse_gives_back_what_an_answer_did_not_cost():
    purse = Purse(WORST * 2, price=PRICE, harness=HARNESS)
    assert purse.reserve(QUESTION)
    assert purse.reserve(QUESTION)
    assert not purse.reserve(QUESTION)
    purse.settle(QUESTION, answered())
    assert purse.spent == Decimal("0.00011")
    assert purse.reserved == WORST
    assert not purse.reserve(QUESTION)  # 0.00011 too little
    purse.settle(QUESTION, answered())
    assert purse.reserve(QUESTION)


def test_what_is_not_known_counts_at_its_worst():
    purse = Purse(Decimal(1), price=PRICE, harness=HARNESS)
    for reply in (answered(None, None), None):
        purse.reserve(QUESTION)
        purse.settle(QUESTION, reply)
    assert (purse.spent, purse.reserved) == (2 * WORST, Decimal(0))


def priced(tokens_in: int, tokens_out: int) -> Decimal:
    return Decimal(2 * tokens_in + 10 * tokens_out) / 1_000_000


@pytest.mark.parametrize(("tokens_in", "tokens_out"), [(300, 3), (900, 3), (2000, 150)])
def test_what_an_answer_used_is_the_least_that_is_set_aside_from_then_on(tokens_in, tokens_out):
    purse = Purse(Decimal(1), price=PRICE, harness=HARNESS)
    purse.reserve_all([QUESTION, QUESTION])
    purse.settle(QUESTION, answered(tokens_in, tokens_out))
    raised = priced(tokens_in, max(tokens_out, HARNESS.max_tokens))
    assert purse.worst_usd([QUESTION]) == raised
    assert purse.reserved == WORST  # as it was set aside
    purse.reserve(QUESTION)
    purse.release(QUESTION)
    purse.settle(QUESTION, None)
    assert purse.reserved == 0


def test_what_a_server_adds_is_not_multiplied_for_a_longer_prompt():
    purse = Purse(Decimal(1), price=PRICE, harness=HARNESS)
    short = Question(sample=1, epoch=0, prompt="x" * 4)  # 10 tokens at most
    purse.reserve(short)
    purse.settle(short, answered(900, 3))
    assert purse.worst_usd([QUESTION]) == priced(2 * 200 + 900 - 2 * 10, 100)


def test_a_cap_holds_where_inputs_are_longer_than_their_bytes_say():
    cap = Decimal("0.05")
    purse, used = Purse(cap, price=PRICE, harness=HARNESS), priced(900, 100)
    assert used > WORST
    while purse.reserve(QUESTION):
        purse.settle(QUESTION, answered(900, 100))
    assert cap - used < purse.spent <= cap


def test_an_unknown_price_stops_nothing():
    purse = Purse(Decimal(0), price=None, harness=HARNESS)
    assert purse.reserve(QUESTION)
    purse.settle(QUESTION, answered())
    assert purse.spent == 0


@given(
    allowance=st.integers(0, 30).map(lambda cents: Decimal(cents) / 1000),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 200), st.integers(0, 100)), max_size=60),
)
def test_no_order_of_asking_and_answering_passes_the_budget(allowance, steps):
    purse, open_calls = Purse(allowance, price=PRICE, harness=HARNESS), 0
    for asks, tokens_in, tokens_out in steps:
        if asks:
            open_calls += purse.reserve(QUESTION)
        elif open_calls:
            open_calls -= 1
            purse.settle(QUESTION, answered(tokens_in, tokens_out))
        assert purse.spent + purse.reserved <= allowance
        assert purse.reserved == open_calls * WORST
