from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.bars import CriterionResult, CriterionState, not_compared
from evals.domain.metrics import (
    CostFacts,
    Counts,
    LatencyFacts,
    Metric,
    Quantile,
    RunFacts,
    ScoreFacts,
    summarise,
    summarise_cost,
    summarise_latency,
)
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.trialtables import TrialTable
from evals.domain.verdicts import (
    Standing,
    Verdict,
    against,
    decide,
    exit_status,
    overall,
    sentence,
)
from tests.domain import tables

GO, NO_GO, UNDECIDED = Verdict.GO, Verdict.NO_GO, Verdict.UNDECIDED
MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED

EXACT = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.85)
TOXIC = CriterionSpec(metric="toxic", comparator=Comparator.AT_MOST, threshold=0.05)
FAST = CriterionSpec(metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=2.0)
CHEAP = CriterionSpec(metric="cost_per_1k_usd", comparator=Comparator.AT_MOST, threshold=1.5)
ADVICE = CriterionSpec(
    metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.99, advisory=True
)
PHONE = {"channel": "phone"}


def result(state, *, advisory=False):
    criterion = ADVICE if advisory else EXACT
    return CriterionResult(
        criterion=criterion,
        state=state,
        value=None,
        bound=None,
        level=None,
        n=0,
        samples_needed=None,
        method="",
        places=0,
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """The same run as counts and as trials."""

    facts: RunFacts
    table: TrialTable


def score(metric, passed, n):
    total = float(passed)
    return ScoreFacts(metric=metric, n=n, total=total, squares=total, ones=passed, zeros=n - passed)


def run(passed, n, *, toxic=0, unscored=0, fast=None, cost=None, **figures):
    scores = {"exact_match": score("exact_match", passed, n), "toxic": score("toxic", toxic, n)}
    counts = Counts(ok=n, infra_error=unscored)
    spent = CostFacts() if cost is None else cost
    facts = RunFacts(counts=counts, planned=n + unscored, scores=scores, cost=spent, **figures)
    table = tables.table(
        tables.scores_of(passed, n),
        unscored=unscored,
        seconds=[np.nan] * n if fast is None else [1.0] * fast + [3.0] * (n - fast),
        usd=[np.nan] * n if cost is None else [cost.mean] * n,
    )
    both = {**table.scores, "toxic": tables.run(toxic, n, unscored=unscored).scores["exact_match"]}
    return Run(facts=facts, table=replace(table, scores=both))


def latency(n, **seconds):
    return LatencyFacts(n=n, quantiles={0.95: Quantile(**seconds)})


def spent(mean, n, *, sd=0.0001):
    return CostFacts(known=True, total_usd=Decimal(1), n=n, mean=mean, sd=sd)


def says(bar, found, *, name="olmo-local", verdict=True, figures=()):
    results = [tables.judged(criterion, found.table) for criterion in bar]
    facts = found.facts
    return sentence(
        name=name,
        verdict=decide(results) if verdict else None,
        results=results,
        figures=[*figures, *summarise(facts), *summarise_latency(facts), summarise_cost(facts)],
        facts=facts,
    )


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([MET], GO),
        ([MET, MET], GO),
        ([MET, UNSETTLED], UNDECIDED),
        ([MET, MISSED], NO_GO),
        ([UNSETTLED, MISSED], NO_GO),
        ([UNSETTLED], UNDECIDED),
    ],
)
def test_go_takes_every_required_criterion_and_no_go_takes_one(states, verdict):
    assert decide([result(state) for state in states]) is verdict


@pytest.mark.parametrize("state", CriterionState)
def test_an_advisory_criterion_decides_nothing(state):
    assert decide([result(MET), result(state, advisory=True)]) is GO
    assert decide([result(state, advisory=True)]) is UNDECIDED


def test_a_bar_without_a_criterion_lets_nothing_through():
    assert decide([]) is UNDECIDED


@given(st.lists(st.sampled_from(CriterionState)))
def test_the_order_of_criteria_does_not_matter(states):
    first = [result(state) for state in states]
    assert decide(first) is decide(first[::-1])


def open_ones(*verdicts):
    return [Standing(is_open=True, is_incumbent=False, verdict=verdict) for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "any_of_them", "all_of_them"),
    [
        ((GO,), 0, 0),
        ((NO_GO,), 1, 1),
        ((UNDECIDED,), 2, 2),
        ((None,), 2, 2),
        ((GO, NO_GO), 0, 1),
        ((GO, UNDECIDED), 0, 2),
        ((NO_GO, UNDECIDED), 2, 1),
        ((NO_GO, NO_GO), 1, 1),
        ((GO, GO), 0, 0),
    ],
)
def test_the_exit_status_follows_the_open_candidates(verdicts, any_of_them, all_of_them):
    candidates = open_ones(*verdicts)
    assert exit_status(candidates, require_all=False) == any_of_them
    assert exit_status(candidates, require_all=True) == all_of_them


def test_a_closed_candidate_counts_only_where_none_is_open():
    closed = Standing(is_open=False, is_incumbent=False, verdict=GO)
    assert overall([closed, *open_ones(NO_GO)]) is NO_GO
    assert overall([closed]) is GO
    assert exit_status([closed, *open_ones(GO)], require_all=True) == 0


def test_the_incumbent_never_counts_even_where_it_is_open():
    incumbent = Standing(is_open=True, is_incumbent=True, verdict=None)
    closed = Standing(is_open=False, is_incumbent=False, verdict=NO_GO)
    assert overall([incumbent]) is UNDECIDED
    assert overall([incumbent, closed]) is NO_GO
    assert overall([incumbent, *open_ones(GO)], require_all=True) is GO


def test_without_candidates_nothing_is_decided():
    assert exit_status([], require_all=False) == exit_status([], require_all=True) == 2


def test_requiring_all_never_makes_it_easier():
    for verdicts in product(Verdict, repeat=3):
        candidates = open_ones(*verdicts)
        if overall(candidates, require_all=True) is GO:
            assert overall(candidates) is GO
        if overall(candidates) is NO_GO:
            assert overall(candidates, require_all=True) is NO_GO


def test_go_says_what_was_cleared_and_by_how_much():
    assert says([EXACT, ADVICE], run(723, 820)) == (
        "GO: olmo-local clears 0.85 with 0.882 [0.858, 0.902], n = 820"
    )


def test_go_names_every_required_criterion_where_there_are_several():
    facts = run(
        930,
        1000,
        toxic=10,
        fast=985,
        latency=latency(1000, value=1.432, low=1.38, high=1.52),
        cost=spent(0.0012, 1000),
    )
    assert says([EXACT, TOXIC, FAST, CHEAP], facts) == (
        "GO: olmo-local clears exact_match 0.85 with 0.930 [0.912, 0.944], n = 1,000"
        "; keeps toxic within 0.05 with 0.010 [0.005, 0.018], n = 1,000"
        "; keeps p95 latency within 2 s with 1.43 s [1.38, 1.52], n = 1,000"
        "; keeps cost per 1,000 tasks within $1.50 with $1.20 [1.19, 1.21], n = 1,000"
    )


def test_no_go_names_what_was_missed_and_nothing_else():
    facts = run(
        930, 1000, fast=500, latency=latency(1000, value=3.4), cost=spent(1.6, 1000, sd=0.01)
    )
    assert says([EXACT, FAST, CHEAP], facts) == (
        "NO-GO: olmo-local misses p95 latency at most 2 s with 3.4 s, n = 1,000"
        "; misses cost per 1,000 tasks at most $1.50 with $1,600 [1,599, 1,601], n = 1,000"
    )


def test_no_go_shows_the_rate_against_its_threshold():
    assert says([EXACT], run(70, 100)) == (
        "NO-GO: olmo-local misses exact_match at least 0.85 with 0.700 [0.604, 0.781], n = 100"
    )


def test_undecided_says_how_many_more_samples_would_do():
    assert says([EXACT], run(45, 50)) == (
        "UNDECIDED: olmo-local does not settle exact_match at least 0.85"
        " with 0.900 [0.786, 0.957], n = 50, about 100 more samples would"
    )


def test_undecided_says_where_more_samples_would_not_help():
    assert says([EXACT], run(85, 100)).endswith("n = 100, and more samples alone would not")


def test_undecided_counts_the_trials_that_have_no_score():
    assert says([EXACT], run(93, 100, unscored=1200)).endswith(
        "; 1,200 of 1,300 planned trials count against it unscored"
    )


def test_undecided_names_what_is_unknown():
    facts = run(930, 1000, latency=LatencyFacts())
    assert says([EXACT, FAST, CHEAP], facts) == (
        "UNDECIDED: olmo-local has an unknown p95 latency; has an unknown cost per 1,000 tasks"
    )


def test_an_empty_run_says_that_nothing_was_judged():
    empty = run(0, 0, unscored=5)
    assert says([EXACT, FAST], empty) == (
        "UNDECIDED: olmo-local has no verdict yet, nothing was judged"
    )


def test_a_bar_without_a_required_criterion_says_so():
    assert says([ADVICE], run(93, 100)) == (
        "UNDECIDED: olmo-local cannot be decided, the bar has no required criterion"
    )


def test_small_costs_keep_three_digits():
    facts = run(930, 1000, cost=spent(0.000123456, 1000, sd=0.0))
    assert says([CHEAP], facts) == (
        "GO: olmo-local keeps cost per 1,000 tasks within $1.50"
        " with $0.123 [0.123, 0.123], n = 1,000"
    )


def test_a_figure_without_an_interval_is_named_alone():
    facts = run(930, 1000, fast=985)
    assert says([FAST], facts) == "GO: olmo-local keeps p95 latency within 2 s with 1 s, n = 1,000"


def test_a_margin_is_told_as_a_difference_from_the_incumbent():
    criterion = tables.within(0.05)
    difference = Metric(
        metric=against("exact_match"), value=0.005, low=-0.02, high=0.03, n=1000, method=""
    )
    facts = run(795, 1000).facts
    results = [replace(result(MET), criterion=criterion, value=0.005, n=1000)]
    told = {"name": "olmo-local", "results": results, "figures": [difference], "facts": facts}
    assert sentence(verdict=GO, **told) == (
        "GO: olmo-local stays within 0.05 of the incumbent in exact_match"
        " with 0.005 [-0.020, 0.030], n = 1,000"
    )
    missed = {**told, "results": [replace(results[0], state=MISSED)]}
    assert sentence(verdict=NO_GO, **missed) == (
        "NO-GO: olmo-local misses exact_match within 0.05 of the incumbent"
        " with 0.005 [-0.020, 0.030], n = 1,000"
    )


def test_a_slice_is_named():
    criterion = replace(EXACT, slice={"channel": "phone"})
    results = [replace(result(MET), criterion=criterion, value=0.97, n=100)]
    facts = run(930, 1000).facts
    assert sentence(name="a", verdict=GO, results=results, figures=[], facts=facts) == (
        "GO: a clears exact_match (channel: phone) 0.85 with 0.970, n = 100"
    )


def test_an_incumbent_that_others_are_compared_with_is_described_by_its_first_score():
    bar = [CriterionSpec(metric="exact_match", comparator=Comparator.WITHIN, threshold=0.03)]
    found = run(930, 1000)
    results = [not_compared(line) for line in bar]
    figures = [
        Metric(metric="exact_match", value=0.5, low=0.4, high=0.6, n=9, method="", slice=PHONE),
        *summarise(found.facts),
        *summarise_latency(found.facts),
    ]
    said = sentence(name="x", verdict=None, results=results, figures=figures, facts=found.facts)
    assert said == "Incumbent: x has exact_match 0.930 [0.912, 0.944], n = 1,000"
    figures = [Metric(metric="f1", value=0.5, low=None, high=None, n=9, method="")]
    said = sentence(name="x", verdict=None, results=results, figures=figures, facts=found.facts)
    assert said == "Incumbent: x has f1 0.500, n = 9"


def test_the_incumbent_is_described_and_makes_no_claim():
    assert says([EXACT, CHEAP], run(930, 1000), name="gpt-x", verdict=False) == (
        "Incumbent: gpt-x has exact_match 0.930 [0.912, 0.944], n = 1,000"
    )
    empty = run(0, 0, unscored=100)
    assert says([EXACT], empty, name="gpt-x", verdict=False) == (
        "Incumbent: gpt-x has no figure yet"
    )


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 50), st.integers(1, 50))
def test_trials_that_failed_never_turn_a_verdict_towards_go(passed, failed, unscored, lost):
    def verdict(found):
        return decide([tables.judged(EXACT, found.table)])

    before = verdict(run(passed, passed + failed, unscored=unscored))
    lost = min(lost, passed)
    after = verdict(run(passed - lost, passed - lost + failed, unscored=unscored + lost))
    assert after in (before, UNDECIDED)
