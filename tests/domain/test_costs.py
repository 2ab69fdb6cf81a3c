from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.costs import AcceptedRule, hourly_cost, summarise_costs, trial_cost
from evals.domain.specs import PriceSpec, TaskSpec
from evals.domain.trials import Usage

TOKENS = PriceSpec(input_usd_per_mtok=Decimal(3), output_usd_per_mtok=Decimal(15))
REQUESTS = PriceSpec(usd_per_request=Decimal("0.002"))
USAGE = Usage(input_tokens=10_000, output_tokens=500)
TASK = TaskSpec(name="Support intent")


def summary(total="4", *, tasks=1000, accepted=850, task=TASK, estimated=False):
    money = None if total is None else Decimal(total)
    return summarise_costs(money, tasks=tasks, accepted=accepted, task=task, estimated=estimated)


def test_tokens_without_a_cache_cost_the_published_price():
    assert trial_cost(USAGE, TOKENS) == Decimal("0.0375")


def test_cached_tokens_are_charged_as_input_so_a_cost_is_never_understated():
    cached = Usage(input_tokens=10_000, output_tokens=500, cached_tokens=8_000)
    assert trial_cost(cached, TOKENS) == Decimal("0.0375")


def test_every_attempt_pays_the_price_of_a_request():
    assert trial_cost(Usage(), REQUESTS, attempts=3) == Decimal("0.006")


def test_a_price_for_tokens_and_requests_charges_both():
    price = PriceSpec(
        input_usd_per_mtok=Decimal(3),
        output_usd_per_mtok=Decimal(15),
        usd_per_request=Decimal("0.002"),
    )
    assert trial_cost(USAGE, price, attempts=2) == Decimal("0.0415")


@pytest.mark.parametrize(
    "price",
    [
        None,
        PriceSpec(),
        PriceSpec(input_usd_per_mtok=Decimal(3)),
        PriceSpec(output_usd_per_mtok=Decimal(15)),
        PriceSpec(gpu="L4", usd_per_hour=Decimal("0.8")),
    ],
)
def test_an_unknown_price_leaves_the_cost_unknown(price):
    assert trial_cost(USAGE, price) is None


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_unknown_usage_leaves_the_cost_unknown(usage):
    assert trial_cost(usage, TOKENS) is None


def test_what_is_free_costs_nothing_even_where_usage_is_unknown():
    free = PriceSpec(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0))
    assert trial_cost(Usage(), free) == 0


def test_hardware_costs_the_time_it_was_busy():
    assert hourly_cost(1800, Decimal("0.80")) == Decimal("0.4")
    assert hourly_cost(None, Decimal("0.80")) is None
    assert hourly_cost(1800, None) is None


def test_a_dropped_wrong_answer_makes_the_accepted_ones_dearer():
    costs = summary()
    assert costs.per_1k_tasks_usd == 4
    assert round(costs.per_accepted_usd, 6) == Decimal("0.004706")
    assert costs.rule is AcceptedRule.DROPPED


def test_a_wrong_answer_that_is_redone_costs_its_failure():
    task = TaskSpec(name="Support intent", failure_cost_usd=Decimal("0.40"))
    costs = summary(task=task)
    assert costs.per_accepted_usd == Decimal("0.064")
    assert costs.rule is AcceptedRule.REDONE


def test_the_month_is_the_bill_at_the_tasks_volume():
    task = TaskSpec(name="Support intent", monthly_volume=200_000)
    assert summary(task=task).monthly_usd == 800
    assert summary().monthly_usd is None


def test_an_unknown_total_leaves_every_figure_unknown():
    task = TaskSpec(name="Support intent", monthly_volume=10, failure_cost_usd=Decimal(1))
    costs = summary(None, task=task)
    assert costs.total_usd is None
    assert costs.per_1k_tasks_usd is None
    assert costs.per_accepted_usd is None
    assert costs.monthly_usd is None


def test_an_empty_run_has_a_total_and_no_rates():
    costs = summary("0", tasks=0, accepted=0)
    assert costs.total_usd == 0
    assert costs.per_1k_tasks_usd is None
    assert costs.per_accepted_usd is None


@pytest.mark.parametrize("accepted", [0, None])
def test_without_a_known_accepted_answer_none_has_a_cost(accepted):
    assert summary(accepted=accepted).per_accepted_usd is None


def test_where_every_answer_is_redone_a_task_costs_both():
    task = TaskSpec(name="Support intent", failure_cost_usd=Decimal("0.40"))
    assert summary(accepted=0, task=task).per_accepted_usd == Decimal("0.404")


def test_an_estimate_stays_marked():
    assert summary(estimated=True).estimated
    assert not summary().estimated


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_tokens_never_cost_less(read, written, more_read, more_written):
    few = trial_cost(Usage(input_tokens=read, output_tokens=written), TOKENS)
    usage = Usage(input_tokens=read + more_read, output_tokens=written + more_written)
    many = trial_cost(usage, TOKENS)
    assert few is not None
    assert many is not None
    assert few <= many


@given(st.integers(1, 10**6), st.data())
def test_more_accepted_answers_never_cost_more_each(tasks, data):
    accepted = data.draw(st.integers(1, tasks))
    fewer = data.draw(st.integers(1, accepted))
    for task in (TASK, TaskSpec(name="Support intent", failure_cost_usd=Decimal(2))):
        some = summary(tasks=tasks, accepted=fewer, task=task)
        assert summary(tasks=tasks, accepted=accepted, task=task).per_accepted_usd <= (
            some.per_accepted_usd
        )
