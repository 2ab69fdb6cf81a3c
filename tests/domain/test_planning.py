from decimal import Decimal

import pytest

from evals.domain.planning import Counts, Measured, plan_candidate
from evals.domain.specs import EndpointKind, PriceSpec
from tests.domain.plans import PROMPT, candidate

TEN = Counts(expected=10, most=20, epochs=2)


def plan(each, *, measured=None, counts=TEN):
    return plan_candidate(
        each, prompts=[PROMPT, PROMPT], counts=counts, is_incumbent=False, measured=measured
    )


def test_four_bytes_a_token_are_expected_and_two_the_worst_case():
    found = plan(candidate())
    assert (found.expected.requests, found.worst.requests) == (20, 40)
    assert found.expected.input_tokens == 20 * 30
    assert found.worst.input_tokens == 40 * (60 + 8)
    assert found.expected.output_tokens == 20 * 16
    assert found.expected.usd == Decimal(20 * 30 + 2 * 20 * 16) / 1_000_000


def test_measured_means_stand_in_the_place_of_estimates():
    measured = Measured(trials=50, input_tokens=33.5, output_tokens=2.0, latency_seconds=0.5)
    found = plan(candidate(), measured=measured)
    assert (found.expected.input_tokens, found.expected.output_tokens) == (670, 40)
    assert found.worst.output_tokens == 40 * 16
    assert found.latency_seconds == 0.5
    unknown = plan(candidate(), measured=Measured(trials=3))
    assert unknown.expected == plan(candidate()).expected


@pytest.mark.parametrize(
    ("measured", "most"),
    [
        (Measured(trials=50, input_tokens=900.0, longest_input=950), 950),
        (Measured(trials=50, input_tokens=900.0), 900),
        (Measured(trials=50, input_tokens=20.0, longest_input=25), 60 + 8),
    ],
)
def test_the_worst_is_never_less_than_what_was_measured(measured, most):
    found = plan(candidate(), measured=measured)
    assert found.worst.input_tokens == 40 * most
    assert found.worst.usd > found.expected.usd
    talkative = plan(candidate(), measured=Measured(trials=50, output_tokens=30.0))
    assert talkative.worst.output_tokens == 40 * 30


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({"concurrency": 8}, 5.0),
        ({"concurrency": 1}, 40.0),
        ({"concurrency": 4, "batch_size": 2}, 5.0),
        ({"concurrency": 8, "requests_per_minute": 60}, 20.0),
        ({"concurrency": 8, "tokens_per_minute": 460}, 120.0),
    ],
)
def test_the_narrowest_limit_says_how_long_it_takes(limits, seconds):
    assert plan(candidate(**limits)).expected.seconds == pytest.approx(seconds)


def test_hardware_by_the_hour_costs_its_time_and_nobody_knows_the_worst():
    price = PriceSpec(gpu="L4", usd_per_hour=Decimal("3.60"))
    found = plan(candidate(price=price, concurrency=1))
    assert found.expected.usd == Decimal("0.04")
    assert found.worst.usd is None


def test_an_unknown_price_stays_unknown():
    assert plan(candidate(price=None)).expected.usd is None
    assert plan(candidate(price=PriceSpec())).worst.usd is None


def test_recorded_answers_ask_nobody_and_cost_nothing():
    found = plan(candidate(kind=EndpointKind.RECORDED, price=None))
    assert (found.expected.requests, found.worst.usd, found.worst.seconds) == (0, 0, 0.0)
    assert found.is_recorded
    assert found.latency_seconds == 0.0


def test_a_stand_in_takes_the_time_that_it_simulates():
    found = plan(candidate(kind=EndpointKind.STAND_IN, simulation={"latency_seconds": 0.2}))
    assert found.is_simulated
    assert found.latency_seconds == 0.2
