"""Prices of a spec file: taken from the catalogue by key, and frozen with source and date."""

from decimal import Decimal

import pytest
from django.utils import timezone

from evals.models import Evaluation, VerdictRow
from evals.queries.specs import frozen_spec
from tests.known import known

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "openai:gpt-4.1"


def test_a_price_by_key_is_frozen_with_its_figures_source_and_date(desk, server):
    desk.candidate["price"] = {"catalogue": KEY}
    cost = desk.result()["candidates"][0]["cost"]
    assert cost["price"]["input_usd_per_mtok"] == 2
    assert cost["price"]["source"].startswith("genai-prices ")
    today = timezone.now().date().isoformat()
    assert cost["price_row"]["catalogue"] == KEY
    assert (cost["price_row"]["output_usd_per_mtok"], cost["price_row"]["dated_on"]) == ("8", today)
    price = known(frozen_spec(Evaluation.objects.get()).candidates[0].price)
    assert (price.input_usd_per_mtok, price.catalogue) == (Decimal(2), KEY)
    assert VerdictRow.objects.get().grounds["result"]["cost"] == cost


def test_a_second_call_finds_the_evaluation_that_a_key_made(desk, server):
    desk.candidate["price"] = {"catalogue": KEY, "batch_multiplier": 0.5}
    desk.result()
    asked = len(server.requests)
    again = desk.evaluate()
    assert "is known" in again.err
    assert len(server.requests) == asked
    price = known(frozen_spec(Evaluation.objects.get()).candidates[0].price)
    assert price.batch_multiplier == Decimal("0.5")


@pytest.mark.parametrize("command", ["evaluate", "plan"])
def test_an_unknown_key_is_bad_input_with_near_names(desk, server, command):
    desk.candidate["price"] = {"catalogue": "openai:gpt-4.1x"}
    ended = desk.run(command)
    assert ended.status == 3
    assert "candidates[0].price.catalogue: found no price 'openai:gpt-4.1x'" in ended.err
    assert "did you mean 'openai:gpt-4.1'" in ended.err
    assert not Evaluation.objects.exists()


def test_a_plan_is_priced_by_key(desk, server):
    desk.candidate["price"] = {"catalogue": KEY}
    ended = desk.run("plan")
    assert ended.status == 0
    assert "$" in ended.out
    assert server.requests == []


def test_figures_beside_a_key_are_kept_as_they_are_written(desk, server):
    desk.candidate["price"] = {
        "catalogue": KEY,
        "input_usd_per_mtok": 1,
        "output_usd_per_mtok": 3,
        "cached_input_usd_per_mtok": 0.1,
        "source": "our contract",
        "dated_on": "2026-11-01",
    }
    price = desk.result()["candidates"][0]["cost"]["price"]
    assert (price["input_usd_per_mtok"], price["source"]) == (1, "our contract")


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ({"catalogue": "gpt-4.1"}, "expected a provider and a model, as in openai:gpt-4.1"),
        ({"cached_input_usd_per_mtok": 1}, "without input_usd_per_mtok, expected both"),
        ({"usd_per_request": 1, "batch_multiplier": 0.5}, "without token prices"),
        ({"source": "somebody"}, "found no amount, expected one"),
        ({"input_usd_per_mtok": "€2.50"}, "found '€2.50', expected an amount in dollars"),
        ({"input_usd_per_mtok": -1}, "found -1, expected an amount in dollars, 0 or more"),
        ({"usd_per_request": 1, "dated_on": "last week"}, "expected a date such as 2026-11-01"),
        ({"usd_per_request": 1, "batch_multiplier": 0}, "expected a factor above 0"),
        (
            {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1, "tiers": [{}]},
            "required key 'above_input_tokens' is missing",
        ),
    ],
)
def test_a_price_that_says_nothing_sensible_is_bad_input(desk, server, price, said):
    desk.candidate["price"] = price
    ended = desk.evaluate()
    assert ended.status == 3
    assert said in ended.err
    assert server.requests == []


def test_an_absurd_price_is_warned_of(desk, server):
    desk.candidate["price"] = {"usd_per_request": 20_000}
    ended = desk.run("plan")
    assert "$20,000 per request is more than anybody asks" in ended.err


def test_caches_of_a_server_make_a_run_cheaper(desk, server):
    server.usage = {
        "prompt_tokens": 1_000,
        "completion_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 100},
    }
    desk.candidate["price"] = {
        "input_usd_per_mtok": 3,
        "output_usd_per_mtok": 15,
        "cached_input_usd_per_mtok": 0.3,
        "cache_write_usd_per_mtok": 3.75,
    }
    desk.spec["bar"].append({"metric": "cost_per_1k_usd", "at_most": 2.0, "advisory": True})
    found = desk.result()["candidates"][0]
    assert found["usage"]["cache_write_tokens"] == 60 * 100
    # 100 fresh at $3, 800 read at $0.30, 100 written at $3.75, 10 out at $15
    assert found["cost"]["per_1k_tasks_usd"] == pytest.approx(1.065)
    assert found["cost"]["total_usd"] == pytest.approx(60 * 0.001065)
    assert found["criteria"][-1]["value"] == pytest.approx(1.065)
