"""What calls cost with caches, batches and tiers; the vectors are those of the house methods."""

import ast
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain import costs, tokenrates
from evals.domain.budget import question_tokens, worst_case_usd
from evals.domain.costs import UsageSums, sums_cost, trial_cost
from evals.domain.pricefigures import price_figures, price_of, same_figures
from evals.domain.specfile import spec_identity
from evals.domain.specs import HarnessSpec, PriceSpec, PriceTier
from evals.domain.trials import Question, Usage
from tests.domain.specfiles import SMALLEST, read
from tests.known import known

METHODS = PriceSpec(
    input_usd_per_mtok=Decimal(3),
    cached_input_usd_per_mtok=Decimal("0.3"),
    cache_write_usd_per_mtok=Decimal("3.75"),
    output_usd_per_mtok=Decimal(15),
)
TIERED = replace(
    METHODS,
    tiers=(
        PriceTier(above_input_tokens=200_000, input_usd_per_mtok=Decimal(6)),
        PriceTier(above_input_tokens=300_000, output_usd_per_mtok=Decimal("22.5")),
    ),
)
AMOUNTS = st.decimals(min_value=0, max_value=100, places=3)
TOKENS = st.integers(0, 400_000)
PRICES = st.builds(
    PriceSpec,
    input_usd_per_mtok=AMOUNTS,
    output_usd_per_mtok=AMOUNTS,
    cached_input_usd_per_mtok=st.none() | AMOUNTS,
    cache_write_usd_per_mtok=st.none() | AMOUNTS,
    batch_multiplier=st.none() | st.just(Decimal("0.5")),
    tiers=st.lists(
        st.builds(
            PriceTier,
            above_input_tokens=st.integers(1, 300_000),
            input_usd_per_mtok=st.none() | AMOUNTS,
            output_usd_per_mtok=st.none() | AMOUNTS,
            cache_write_usd_per_mtok=AMOUNTS,
        ),
        max_size=2,
        unique_by=lambda tier: tier.above_input_tokens,
    ).map(tuple),
)


@pytest.mark.parametrize(
    ("cache", "usd"),
    [
        ({}, "0.0375"),
        ({"cached_tokens": 8_000}, "0.0159"),
        ({"cache_write_tokens": 8_000}, "0.0435"),
    ],
    ids=["no cache", "8,000 read", "8,000 written"],
)
def test_the_methods_vectors_of_an_api_call_with_its_cache(cache, usd):
    usage = Usage(input_tokens=10_000, output_tokens=500, **cache)
    assert trial_cost(usage, METHODS) == Decimal(usd)


def test_a_batch_costs_its_share_of_everything_but_the_request():
    usage = Usage(input_tokens=10_000, output_tokens=500, cached_tokens=8_000)
    half = replace(METHODS, batch_multiplier=Decimal("0.5"))
    assert trial_cost(usage, half) == Decimal("0.0159") / 2
    assert trial_cost(usage, replace(half, usd_per_request=Decimal(1))) == Decimal("1.00795")


def test_reasoning_tokens_are_part_of_the_output_and_not_charged_twice():
    plain = Usage(input_tokens=10, output_tokens=500)
    assert trial_cost(replace(plain, reasoning_tokens=400), METHODS) == trial_cost(plain, METHODS)


@pytest.mark.parametrize("cache", ["cached_tokens", "cache_write_tokens"])
def test_what_a_price_does_not_say_of_a_cache_is_charged_in_full(cache):
    price = replace(METHODS, cached_input_usd_per_mtok=None, cache_write_usd_per_mtok=None)
    usage = Usage(input_tokens=10_000, output_tokens=500, **{cache: 8_000})
    assert trial_cost(usage, price) == Decimal("0.0375")


def test_a_server_that_counts_more_cached_tokens_than_input_is_charged_for_both():
    usage = Usage(input_tokens=1_000, output_tokens=0, cached_tokens=5_000)
    assert trial_cost(usage, METHODS) == Decimal("0.0015")


@pytest.mark.parametrize(
    ("read", "usd"),
    [(200_000, "0.6"), (200_001, "1.200006"), (300_000, "1.8"), (300_001, "1.800006")],
)
def test_a_long_prompt_makes_all_of_its_tokens_dearer(read, usd):
    assert trial_cost(Usage(input_tokens=read, output_tokens=0), TIERED) == Decimal(usd)
    long = known(trial_cost(Usage(input_tokens=read, output_tokens=1000), TIERED))
    assert long - Decimal(usd) == (Decimal("0.0225") if read > 300_000 else Decimal("0.015"))


@given(PRICES, TOKENS, TOKENS, TOKENS, st.integers(0, 1000))
def test_the_worst_case_is_never_below_what_a_call_costs(price, read, cached, written, output):
    question = Question(sample=0, epoch=0, prompt="x" * 2 * min(read, 5_000))
    most = question_tokens(question)
    usage = Usage(
        input_tokens=min(read, most),
        output_tokens=output,
        cached_tokens=min(cached, read, most),
        cache_write_tokens=min(written, max(0, min(read, most) - cached)),
    )
    harness = HarnessSpec(prompt="", max_tokens=1000)
    worst = worst_case_usd(question, price=price, harness=harness)
    assert known(trial_cost(usage, price)) <= known(worst)


@given(
    PRICES.filter(lambda price: not price.tiers), st.lists(st.tuples(TOKENS, TOKENS), max_size=4)
)
def test_sums_cost_what_their_trials_cost(price, trials):
    usages = [Usage(input_tokens=2 * n, output_tokens=m, cached_tokens=n) for n, m in trials]
    sums = UsageSums(
        trials=len(trials),
        fresh_tokens=sum(n for n, _ in trials),
        cached_tokens=sum(n for n, _ in trials),
        cache_write_tokens=0,
        output_tokens=sum(m for _, m in trials),
        requests=len(trials),
        longest_input=max((2 * n for n, _ in trials), default=None),
    )
    assert sums_cost(sums, price) == sum(known(trial_cost(usage, price)) for usage in usages)


def test_sums_do_not_guess_which_prompts_reach_a_tier():
    short = UsageSums(
        trials=2,
        fresh_tokens=150_000,
        cached_tokens=0,
        cache_write_tokens=0,
        output_tokens=0,
        requests=2,
        longest_input=149_999,
    )
    assert sums_cost(short, TIERED) == Decimal("0.45")
    assert sums_cost(replace(short, longest_input=200_001), TIERED) is None
    assert sums_cost(replace(short, longest_input=None), TIERED) is None
    assert sums_cost(short, None) is None
    assert sums_cost(short, PriceSpec(gpu="L4", usd_per_hour=Decimal(1))) is None
    assert sums_cost(short, PriceSpec(usd_per_request=Decimal("0.5"))) == 1


@given(PRICES)
def test_figures_read_back_to_the_same_price(price):
    said = replace(price, catalogue="openai:gpt-x", source="an offer")
    assert price_of(price_figures(said)) == said
    assert same_figures(said, price)
    assert not same_figures(said, replace(price, usd_per_request=Decimal(1)))


@pytest.mark.parametrize("module", [costs, tokenrates], ids=lambda module: module.__name__)
def test_money_is_decimal_from_end_to_end(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    floats = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr in {"float64", "float32"})
        or (isinstance(node, ast.ImportFrom) and node.module in {"math", "statistics", "numpy"})
        or (isinstance(node, ast.Import) and node.names[0].name in {"math", "numpy"})
    ]
    assert [ast.unparse(node) for node in floats] == []


def test_every_field_of_a_price_is_kept_by_its_figures():
    assert {field.name for field in fields(PriceSpec)} >= set(price_figures(TIERED))


def test_a_price_that_says_nothing_new_has_the_identity_that_it_always_had():
    spec = read(f"{SMALLEST}  price: {{input_usd_per_mtok: 2.50, output_usd_per_mtok: 10}}\n")
    assert spec_identity(spec)["candidates"][0]["price"] == {
        "input_usd_per_mtok": "2.5",
        "output_usd_per_mtok": "10",
        "usd_per_request": None,
        "gpu": None,
        "usd_per_hour": None,
    }
    dated = read(f"{SMALLEST}  price: {{usd_per_request: 1, dated_on: 2026-11-01}}\n")
    assert spec_identity(dated)["candidates"][0]["price"]["dated_on"] == "2026-11-01"
