"""The one door to the public prices: what it reads, and that our arithmetic is the library's."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from genai_prices import Usage as LibraryUsage
from genai_prices.data import providers
from genai_prices.types import TimeOfDateConstraint

from evals.domain.costs import trial_cost
from evals.domain.publicprices import PublicPrice
from evals.domain.trials import Usage
from evals.engine.priceedition import edition
from evals.engine.pricing import UnknownPriceError, key_for, price_on, public_prices
from tests.known import known

TODAY = date(2026, 11, 22)
DAYS = (date(2026, 1, 1), date(2026, 10, 20), TODAY)
USAGES = (
    Usage(input_tokens=0, output_tokens=0),
    Usage(input_tokens=1, output_tokens=1),
    Usage(input_tokens=10_000, output_tokens=500),
    Usage(input_tokens=10_000, output_tokens=500, cached_tokens=8_000),
    Usage(input_tokens=10_000, output_tokens=500, cache_write_tokens=8_000),
    Usage(input_tokens=10_000, output_tokens=7, cached_tokens=6_000, cache_write_tokens=4_000),
    Usage(input_tokens=200_000, output_tokens=500, cached_tokens=1),
    Usage(input_tokens=200_001, output_tokens=500, cached_tokens=100_000),
    Usage(input_tokens=1_000_000, output_tokens=60_000, cache_write_tokens=999_999),
)


def whole_models():
    """Models whose tokens are charged alike at every hour, and nothing with each request."""
    rows: dict[tuple[str, str], list[PublicPrice]] = {}
    for row in public_prices():
        rows.setdefault((row.provider, row.model), []).append(row)
    for provider in providers:
        for model in provider.models:
            prices = model.prices if isinstance(model.prices, list) else []
            by_hour = any(isinstance(p.constraint, TimeOfDateConstraint) for p in prices)
            found = rows.get((provider.id, model.id), [])
            if found and not by_hour and not any(row.is_partial for row in found):
                yield provider, model, found


def library_usage(usage):
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }
    return LibraryUsage(**{name: count for name, count in counts.items() if count})


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_our_arithmetic_is_the_librarys_for_every_model_and_usage(day):
    at, compared = datetime.combine(day, time(12), tzinfo=UTC), 0
    for provider, model, rows in whole_models():
        begun = [row for row in rows if row.starts_on is None or row.starts_on <= day] or rows[:1]
        price = begun[-1].price
        if price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
            continue
        for usage in USAGES if day == TODAY else USAGES[3:5]:
            theirs = model.calc_price(library_usage(usage), provider, genai_request_timestamp=at)
            ours = trial_cost(usage, price)
            assert ours == theirs.total_price, (provider.id, model.id, usage)
            compared += 1
    assert compared > (15_000 if day == TODAY else 3_000)


def test_a_price_has_its_source_and_the_day_it_was_taken():
    price = price_on("openai:gpt-4.1", on=TODAY)
    assert price.catalogue == "openai:gpt-4.1"
    assert known(price.source).startswith(f"{edition()}: https://")
    assert price.dated_on == TODAY
    assert known(price.cached_input_usd_per_mtok) < known(price.input_usd_per_mtok)


def test_a_price_is_that_of_its_day():
    dated = next(row for row in public_prices() if row.starts_on and row.starts_on <= TODAY)
    rows = [row for row in public_prices() if row.key == dated.key]
    before, after = price_on(dated.key, on=date(2020, 1, 1)), price_on(dated.key, on=TODAY)
    assert before.input_usd_per_mtok == rows[0].price.input_usd_per_mtok
    begun = [row.starts_on for row in rows if row.starts_on and row.starts_on <= TODAY]
    assert f"since {max(begun)}" in known(after.source)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("openai:gpt-4.1x", "did you mean 'openai:gpt-4.1'"),
        ("nobody:gpt-4.1", ":gpt-4.1'"),
        ("nobody:nothing-at-all-like-it", "expected a provider and a model of it"),
        ("perplexity:sonar", "charges for each request beside its tokens"),
    ],
)
def test_a_key_without_a_usable_price_says_which_may_have_been_meant(key, said):
    with pytest.raises(UnknownPriceError, match=r"price|charges") as caught:
        price_on(key, on=TODAY)
    assert said in str(caught.value)


def test_hours_that_are_cheaper_never_understate_a_price():
    peak = [row for row in public_prices() if "the dearest hours' price" in row.also]
    assert peak
    models = {(provider.id, model.id): model for provider in providers for model in provider.models}
    for row in peak:
        prices = models[row.provider, row.model].prices
        assert isinstance(prices, list)
        hours = [p.prices for p in prices if isinstance(p.constraint, TimeOfDateConstraint)]
        dearest = max(vars(each)["input_mtok"] for each in hours)
        assert known(row.price.input_usd_per_mtok) >= dearest


@pytest.mark.parametrize(
    ("model", "base_url", "key"),
    [
        ("gpt-4.1-2025-04-14", "https://api.openai.com/v1", "openai:gpt-4.1"),
        ("claude-sonnet-4-6", "https://api.anthropic.com/v1", "anthropic:claude-sonnet-4-6"),
        ("gpt-4.1", "http://localhost:8000/v1", None),
        ("no-such-model", "https://api.openai.com/v1", None),
    ],
)
def test_an_address_tells_whose_price_a_model_has(model, base_url, key):
    assert key_for(model, base_url=base_url) == key


def test_a_batch_is_one_share_of_the_price_or_nothing():
    offered = (row.batch_offered for row in public_prices())
    shares = {share for share in offered if share is not None}
    assert Decimal("0.5") in shares
    assert all(0 < share <= 1 for share in shares)
