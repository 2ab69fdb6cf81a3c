from contextlib import suppress
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evals.domain.specendpoints import IN_WORKER
from evals.domain.specfile import (
    SpecError,
    SpecOrigin,
    identity_json,
    read_spec,
    write_spec,
)
from evals.domain.specnumbers import LEAST_ALPHA
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    PriceSpec,
    PriceTier,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from tests.domain.specfiles import (
    EXAMPLE,
    read,
)

# A whole spec is a large draw; a busy machine should not fail for it.
UNHURRIED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
ANY_TEXT = st.one_of(
    st.text(CHARACTERS, max_size=12),
    st.text("\n \t:#'\"-|>&*!%@`{}[],~.0123456789eE+_yn=<\r\u2028\x85\ufeff", max_size=12),
)
TEXT = ANY_TEXT.filter(str.strip)
NAME = st.one_of(
    TEXT, st.sampled_from(["yes", "5", "1e3", "0x1", "null", "<<", "2026-01-01", "a: b"])
)
NAMES = st.lists(NAME, max_size=3, unique=True)
DOLLARS = st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=4, max_value=10**9)
SHARES = st.floats(0, 1)
MARGINS = st.floats(0, 1, exclude_min=True, exclude_max=True)
ALPHAS = st.floats(LEAST_ALPHA, 0.5, exclude_max=True)
POSITIVE = st.floats(0, exclude_min=True, allow_infinity=False)
WHOLE = st.integers(0, 2**63 - 1)
COUNT = st.integers(1, 2**63 - 1)
JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
        ANY_TEXT,
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=5,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def options(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Some of the options, in a mapping as the reader makes them."""
    return st.fixed_dictionaries({}, optional=strategies).map(MappingProxyType)


def folded(label: str) -> str:
    return label.strip().casefold()


PATTERNS = st.sampled_from(["a+", r"answer: (\w+)", "(a)|(b)", "1e3", "yes"])
LM_EVAL = st.fixed_dictionaries(
    {"metric": NAME},
    optional={
        "filters": st.lists(JSON_VALUES, max_size=2),
        "arguments": st.dictionaries(ANY_TEXT, JSON_VALUES, max_size=2),
        "name": NAME,
    },
).map(MappingProxyType)
FLAG = st.booleans()
OPTIONS = {
    "exact_match": options(ignore_case=FLAG, ignore_punctuation=FLAG, ignore_numbers=FLAG),
    "contains": options(ignore_case=FLAG),
    "regex": st.builds(lambda p: MappingProxyType({"pattern": p}), PATTERNS),
    "last_number": options(tolerance=st.floats(0, allow_infinity=False)),
    "f1": options(),
    "choice": st.lists(NAME, min_size=1, max_size=3, unique_by=folded).map(
        lambda labels: MappingProxyType({"labels": labels})
    ),
    "lm_eval": LM_EVAL,
}
SIMULATION = options(
    accuracy=SHARES,
    latency_seconds=POSITIVE,
    seed=WHOLE,
    input_tokens=maybe(WHOLE),
    labels=NAMES,
)
ASKED = {"concurrency": COUNT, "requests_per_minute": maybe(COUNT), "pool": NAME}
SENT = maybe(st.dictionaries(ANY_TEXT, JSON_VALUES, max_size=2))
WORKED = {"batch_size": COUNT, **ASKED}
ENDPOINTS = st.one_of(
    st.builds(
        EndpointSpec,
        kind=st.sampled_from([EndpointKind.OPENAI, EndpointKind.ANTHROPIC]),
        base_url=st.sampled_from(["http://localhost:8000/v1", "https://a.example"]),
        api_key_env=maybe(st.sampled_from(["KEY", "yes", "_1"])),
        secret=maybe(NAME),
        timeout_seconds=POSITIVE,
        tokens_per_minute=maybe(COUNT),
        stream=FLAG,
        extra_body=SENT,
        **ASKED,
    ),
    st.builds(EndpointSpec, kind=st.just(EndpointKind.OPENVINO), device=NAME, **WORKED),
    st.builds(EndpointSpec, kind=st.just(EndpointKind.HF), device=NAME, arguments=SENT, **WORKED),
    st.builds(EndpointSpec, kind=st.just(EndpointKind.VLLM), arguments=SENT, **WORKED),
    st.builds(
        EndpointSpec, kind=st.just(EndpointKind.LM_EVAL), backend=NAME, arguments=SENT, **WORKED
    ),
    st.builds(
        EndpointSpec,
        kind=st.just(EndpointKind.RECORDED),
        file=NAME,
        key=NAME,
        output=NAME,
        input_tokens=maybe(NAME),
        output_tokens=maybe(NAME),
        latency_seconds=maybe(NAME),
        pool=NAME,
    ),
    st.builds(EndpointSpec, kind=st.just(EndpointKind.STAND_IN), simulation=SIMULATION, **ASKED),
)
TIERS = st.lists(
    st.builds(
        PriceTier,
        above_input_tokens=COUNT,
        input_usd_per_mtok=maybe(DOLLARS),
        cache_write_usd_per_mtok=DOLLARS,
    ),
    max_size=2,
    unique_by=lambda tier: tier.above_input_tokens,
)
SOURCES = {"source": maybe(NAME), "dated_on": maybe(st.dates())}
PRICES = st.one_of(
    st.builds(
        PriceSpec,
        input_usd_per_mtok=DOLLARS,
        output_usd_per_mtok=DOLLARS,
        cached_input_usd_per_mtok=maybe(DOLLARS),
        batch_multiplier=maybe(DOLLARS.filter(bool)),
        tiers=TIERS.map(tuple),
        catalogue=maybe(st.just("openai:gpt-4.1")),
        **SOURCES,
    ),
    st.builds(PriceSpec, catalogue=st.sampled_from(["a:b", "openrouter:~x/y:z"])),
    st.builds(PriceSpec, input_usd_per_mtok=DOLLARS, output_usd_per_mtok=maybe(DOLLARS)),
    st.builds(PriceSpec, usd_per_request=DOLLARS),
    st.builds(PriceSpec, gpu=maybe(NAME), usd_per_hour=DOLLARS),
)
SAID = {
    "prompt": NAME,
    "system": maybe(ANY_TEXT),
    "max_tokens": COUNT,
    "temperature": maybe(st.floats(0, allow_infinity=False)),
    "top_p": maybe(st.floats(0, 1, exclude_min=True)),
    "stop": st.lists(ANY_TEXT.filter(bool), max_size=3).map(tuple),
    "seed": maybe(WHOLE),
}
HARNESSES = st.builds(HarnessSpec, **SAID)
SENT_HARNESSES = st.builds(
    HarnessSpec, reasoning=maybe(NAME) | SENT, stream=FLAG, extra_body=SENT, **SAID
)
MODELS = st.builds(
    ModelSpec,
    id=st.sampled_from(["org/name", "a.gguf"]),
    open=FLAG,
    lab=maybe(NAME),
    revision=maybe(NAME),
    licence=maybe(NAME),
)
TASKS = st.builds(
    TaskSpec,
    name=NAME,
    description=ANY_TEXT,
    interactive=maybe(FLAG),
    monthly_volume=maybe(WHOLE),
    failure_cost_usd=maybe(DOLLARS),
)
COLUMNS = {"input": NAME, "target": NAME, "slices": NAMES.map(tuple), "cluster": maybe(NAME)}
EVAL_SETS = st.one_of(
    st.builds(EvalSetSpec, file=NAME, **COLUMNS),
    st.builds(EvalSetSpec, hf=st.just("org/name"), split=NAME, **COLUMNS),
)
PLANS = st.builds(
    PlanSpec,
    alpha=ALPHAS,
    seed=WHOLE,
    stop_early=FLAG,
    epochs=st.integers(1, 100),
    max_samples=maybe(COUNT),
    skip_samples=COUNT,
    budget_usd=maybe(DOLLARS),
)


@st.composite
def candidates(draw, name):
    endpoint = draw(ENDPOINTS)
    is_sent = endpoint.kind not in IN_WORKER
    return CandidateSpec(
        name=name,
        model=draw(MODELS),
        endpoint=endpoint,
        harness=draw(SENT_HARNESSES if is_sent else HARNESSES),
        price=draw(maybe(PRICES)),
    )


@st.composite
def criteria(draw, scorers, columns, *, has_incumbent):
    """Any line of a bar; a slice is of the eval set's columns, a margin needs an incumbent."""
    values = st.fixed_dictionaries({}, optional=dict.fromkeys(columns, NAME)).filter(bool)
    slices = maybe(values) if columns else st.none()
    metric = draw(st.sampled_from([*scorers, "latency_p95_seconds", "cost_per_1k_usd"]))
    comparators = list(Comparator) if has_incumbent else [Comparator.AT_LEAST, Comparator.AT_MOST]
    comparator = draw(st.sampled_from(comparators)) if metric in scorers else Comparator.AT_MOST
    shares = MARGINS if comparator is Comparator.WITHIN else SHARES
    return CriterionSpec(
        metric=metric,
        comparator=comparator,
        threshold=draw(shares if metric in scorers else st.floats(0, allow_infinity=False)),
        advisory=draw(FLAG),
        slice=None if metric == "cost_per_1k_usd" else draw(slices),
        alpha=draw(maybe(ALPHAS)),
    )


@st.composite
def specs(draw):
    scorers = draw(st.lists(st.sampled_from(list(OPTIONS)), min_size=1, max_size=3, unique=True))
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    incumbent = draw(maybe(st.sampled_from(names)))
    eval_set = draw(EVAL_SETS)
    lines = criteria(scorers, eval_set.slices, has_incumbent=incumbent is not None)
    return Spec(
        task=draw(TASKS),
        eval_set=eval_set,
        scorers=tuple(
            ScorerSpec(name=name, options=draw(OPTIONS[name]), extract=draw(maybe(PATTERNS)))
            for name in scorers
        ),
        bar=tuple(draw(st.lists(lines, min_size=1, max_size=3))),
        candidates=tuple(draw(candidates(name)) for name in names),
        incumbent=incumbent,
        plan=draw(PLANS),
    )


@UNHURRIED
@given(spec=specs())
def test_what_is_written_is_read_back_equal(spec):
    again = read(write_spec(spec), origin=SpecOrigin.STORED)
    assert again == spec
    assert identity_json(again) == identity_json(spec)


@UNHURRIED
@given(text=st.text(CHARACTERS) | st.text("[]{}:,-&*!|>?<'\"\n\t ab#%@`~"))
@example(text="a: &a\n  <<: *a\n")
@example(text="? ? ?")
def test_any_text_is_read_or_refused_with_a_line(text):
    with pytest.raises(SpecError) as caught:
        read_spec(text, file="s")
    assert all(problem.line and problem.message for problem in caught.value.problems)


@UNHURRIED
@given(data=st.data())
def test_a_spec_with_a_part_torn_out_is_read_or_refused(data):
    start = data.draw(st.integers(0, len(EXAMPLE)))
    stop = data.draw(st.integers(start, len(EXAMPLE)))
    with suppress(SpecError):
        assert read(EXAMPLE[:start] + EXAMPLE[stop:]).candidates
