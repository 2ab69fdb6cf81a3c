"""Single criteria judged at a fixed n; what several candidates change is in test_judging."""

from functools import cache
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from evals.domain.bars import CriterionState
from evals.domain.betting import Scores, bet_lower, bet_upper
from evals.domain.intervals import clopper_pearson_lower, clopper_pearson_upper
from evals.domain.specs import Comparator, CriterionSpec
from tests.domain.tables import (
    ALPHA,
    at_least,
    at_most,
    grounds,
    judged,
    run,
    scores_of,
    table,
    within,
)
from tests.known import known

MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED
P95 = at_most(2.0, "latency_p95_seconds")
COST = at_most(1.5, "cost_per_1k_usd")


def latencies(fast, n, *, known=None, **others):
    """Return `n` judged trials of which `fast` took 1 s, the others 3 s, as far as it is known."""
    known = n if known is None else known
    seconds = [1.0] * fast + [3.0] * (known - fast) + [np.nan] * (n - known)
    return table(scores_of(n, n), seconds=seconds, **others)


def costs(usd, **others):
    return table(scores_of(len(usd), len(usd)), usd=usd, **others)


def test_a_rate_whose_exact_lower_bound_clears_the_bar_meets_it():
    result = judged(at_least(0.85), run(93, 100))
    assert result.state is MET
    assert result.value == 0.93
    assert result.bound == pytest.approx(0.8725, abs=5e-5)
    assert (result.n, result.samples_needed) == (100, None)
    assert result.method == "one-sided Clopper-Pearson bound"


def test_a_rate_whose_exact_upper_bound_is_below_the_bar_misses_it():
    result = judged(at_least(0.85), run(70, 100))
    assert result.state is MISSED
    assert result.bound == clopper_pearson_upper(70, 100, alpha=ALPHA) < 0.85


def test_a_rate_near_the_bar_is_unsettled_and_shows_the_bound_that_failed_to_clear():
    result = judged(at_least(0.85), run(45, 50))
    assert result.state is UNSETTLED
    assert result.bound == pytest.approx(0.8012, abs=5e-5)
    assert result.samples_needed == 100
    assert judged(at_least(0.85), run(135, 150)).state is MET


def test_at_most_mirrors_at_least():
    few = judged(at_most(0.15), run(7, 100))
    assert (few.state, few.bound) == (MET, clopper_pearson_upper(7, 100, alpha=ALPHA))
    many = judged(at_most(0.15), run(30, 100))
    assert (many.state, many.bound) == (MISSED, clopper_pearson_lower(30, 100, alpha=ALPHA))
    between = judged(at_most(0.15), run(10, 100))
    assert between.state is UNSETTLED
    assert between.bound == clopper_pearson_upper(10, 100, alpha=ALPHA)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 30), st.integers(0, 30), st.data())
def test_failures_at_most_are_judged_as_passes_at_least(passed, failed, unscored, missing, data):
    threshold = data.draw(st.sampled_from([0.1, 0.4, 0.65, 0.85, 0.95]))
    n = passed + failed
    gaps = {"unscored": unscored, "missing": missing}
    good = judged(at_least(threshold), run(passed, n, **gaps))
    bad = judged(at_most(1 - threshold), run(failed, n, **gaps))
    assert good.state is bad.state
    if n:
        assert bad.bound is not None
        assert good.bound == pytest.approx(1 - bad.bound, abs=1e-9)


@pytest.mark.parametrize("gap", ["unscored", "missing"])
def test_trials_without_a_score_count_as_wrong_for_go(gap):
    assert judged(at_least(0.85), run(93, 100)).state is MET
    result = judged(at_least(0.85), run(93, 100, **{gap: 5}))
    assert result.state is UNSETTLED
    assert result.bound == clopper_pearson_lower(93, 105, alpha=ALPHA)
    assert (result.value, result.n) == (0.93, 100)
    assert result.method.endswith("; 5 trials without a figure: counted against")


@pytest.mark.parametrize("gap", ["unscored", "missing"])
def test_trials_without_a_score_count_as_right_for_no_go(gap):
    assert judged(at_least(0.85), run(77, 100)).state is MISSED
    result = judged(at_least(0.85), run(77, 100, **{gap: 20}))
    assert result.state is UNSETTLED
    assert judged(at_least(0.85), run(60, 100, **{gap: 20})).bound == (
        clopper_pearson_upper(80, 120, alpha=ALPHA)
    )


def test_a_judged_trial_that_one_metric_lacks_counts_against_that_metric():
    lacking = table([*scores_of(93, 100), *[np.nan] * 5])
    assert judged(at_least(0.85), lacking).state is UNSETTLED


def test_graded_scores_are_judged_by_betting():
    scores = [0.9, 1.0, 0.86] * 66
    result = judged(at_least(0.85), table(scores), is_graded=True)
    assert result.state is MET
    assert result.bound == bet_lower(Scores.of(scores), alpha=ALPHA)
    assert result.method == "one-sided betting bound over 198 samples"
    low = judged(at_least(0.85), table([0.6, 0.5] * 60, unscored=10), is_graded=True)
    assert low.state is MISSED
    assert low.bound == bet_upper(Scores.of([0.6, 0.5] * 60 + [1.0] * 10), alpha=ALPHA)


def test_asking_each_sample_five_times_is_judged_over_samples():
    once = judged(at_least(0.85), run(460, 500))
    five = judged(at_least(0.85), run(460, 500, epochs=5))
    assert (once.state, five.state) == (MET, UNSETTLED)
    assert five.bound == bet_lower(Scores.of(scores_of(92, 100)), alpha=ALPHA)
    assert five.n == 500
    assert five.method == "one-sided betting bound over 100 samples"


@pytest.mark.parametrize("criterion", [at_least(0.85), at_least(0.0), at_most(1.0), P95, COST])
@pytest.mark.parametrize("unscored", [0, 50])
def test_where_nothing_was_judged_nothing_is_settled(criterion, unscored):
    result = judged(criterion, run(0, 0, unscored=unscored, missing=100 - unscored))
    assert result.state is UNSETTLED
    assert (result.value, result.bound, result.n) == (None, None, 0)
    assert result.samples_needed is None


def test_a_metric_with_no_score_yet_is_unsettled():
    result = judged(at_least(0.85), run(0, 0, missing=10))
    assert (result.state, result.method) == (UNSETTLED, "nothing was judged")


def test_a_metric_that_nobody_counted_is_refused_by_name():
    with pytest.raises(ValueError, match=r"metric 'f2': found only \['exact_match'\]"):
        judged(at_least(0.85, "f2"), run(5, 10))


def test_a_latency_is_judged_by_the_share_of_trials_that_were_fast_enough():
    result = judged(P95, latencies(985, 1000))
    assert result.state is MET
    assert result.value == 1.0
    assert result.bound == clopper_pearson_lower(985, 1000, alpha=ALPHA) >= 0.95
    assert result.method == ("share within 2 s at least 0.95: one-sided Clopper-Pearson bound")
    slow = judged(P95, latencies(900, 1000))
    assert (slow.state, slow.bound) == (MISSED, clopper_pearson_upper(900, 1000, alpha=ALPHA))
    close = judged(P95, latencies(955, 1000))
    assert close.state is UNSETTLED
    assert close.samples_needed == 4236


@pytest.mark.parametrize(
    ("metric", "fast", "state"),
    [
        ("latency_p50_seconds", 60, MET),
        ("latency_p50_seconds", 50, UNSETTLED),
        ("latency_p99_seconds", 100, UNSETTLED),
        ("latency_p99_seconds", 90, MISSED),
    ],
)
def test_every_quantile_has_its_own_share(metric, fast, state):
    assert judged(at_most(2.0, metric), latencies(fast, 100)).state is state


@pytest.mark.parametrize(
    "facts",
    [
        latencies(970, 1040, known=1000),
        latencies(970, 1000, unscored=40),
        latencies(970, 1000, missing=40),
    ],
)
def test_a_latency_that_is_not_known_counts_against(facts):
    assert judged(P95, latencies(970, 1000)).state is MET
    result = judged(P95, facts)
    assert (result.state, result.n) == (UNSETTLED, 1000)
    assert result.bound == clopper_pearson_lower(970, 1040, alpha=ALPHA)


def test_latencies_of_samples_asked_several_times_are_judged_over_samples():
    result = judged(P95, latencies(970, 1000, epochs=5))
    assert result.bound == bet_lower(Scores.of(scores_of(194, 200)), alpha=ALPHA)


def test_a_refusal_is_no_fast_answer():
    fast = table(scores_of(100, 100), seconds=[0.1] * 100)
    refused = table(scores_of(100, 100), seconds=[0.1] * 100, refused=[True] * 20 + [False] * 80)
    assert judged(P95, fast).state is MET
    result = judged(P95, refused)
    assert (result.state, result.n) == (MISSED, 100)
    assert result.bound == clopper_pearson_upper(80, 100, alpha=ALPHA)


@pytest.mark.parametrize("metric", ["latency_p95_seconds", "cost_per_1k_usd"])
def test_a_latency_or_a_cost_at_least_is_refused(metric):
    with pytest.raises(ValueError, match=f"{metric}: need at_most, got at_least"):
        judged(at_least(1.0, metric), run(5, 10))


def test_a_cost_is_judged_by_betting_on_its_share_of_ten_times_the_limit():
    usd = [0.0008, 0.0010, 0.0012] * 100
    cheap = judged(COST, costs(usd))
    share = bet_upper(Scores.of(np.array(usd) / 0.015), alpha=ALPHA)
    assert cheap.state is MET
    assert cheap.value == pytest.approx(1.0)
    assert cheap.bound == pytest.approx(15 * share)
    assert cheap.method == "one-sided betting bound over 300 samples"
    dear = judged(COST, costs([0.0020, 0.0024] * 150))
    assert dear.state is MISSED
    assert dear.bound is not None
    assert dear.bound > 1.5
    close = judged(COST, costs([0.0014] * 300))
    assert close.state is UNSETTLED
    assert judged(COST, costs([0.0014] * (300 + round(known(close.samples_needed))))).state is MET


def test_what_a_trial_can_cost_at_most_is_the_scale_where_it_is_known():
    usd = [0.0008, 0.0010, 0.0012] * 20
    unknown, near = judged(COST, costs(usd)), judged(COST, costs(usd, most_usd=0.003))
    assert (unknown.state, near.state) == (UNSETTLED, MET)
    assert near.bound == pytest.approx(3 * bet_upper(Scores.of(np.array(usd) / 0.003), alpha=ALPHA))
    assert judged(COST, costs(usd, most_usd=0.06)).state is UNSETTLED


def test_the_dearest_trials_of_a_few_cannot_hide_where_their_price_is_known():
    # One in two hundred costs a hundred times the others: a few samples seldom have one.
    draw = default_rng(20260301)
    rows = np.where(draw.random((1_000, 60)) < 0.005, 0.12, 0.0009045)  # their mean is the bar
    outcomes = [judged(COST, costs(row, most_usd=0.12)).state for row in rows]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=1_000)


def test_a_trial_that_cost_more_than_that_widens_the_scale():
    calm, wild = [0.001] * 400, [0.001] * 399 + [0.4]
    assert judged(COST, costs(calm)).state is MET
    assert judged(COST, costs(wild)).state is UNSETTLED


def test_an_unknown_cost_is_unsettled():
    result = judged(COST, costs([np.nan] * 100))
    assert (result.state, result.value, result.bound) == (UNSETTLED, None, None)
    assert result.method == "the price or the usage is unknown"


def test_estimated_costs_are_marked():
    result = judged(COST, costs([0.001] * 100, is_estimated=True))
    assert result.method == "estimated costs: one-sided betting bound over 100 samples"


def test_trials_without_a_cost_count_as_dear_for_go_and_as_free_for_no_go():
    assert judged(COST, costs([0.001] * 300)).state is MET
    assert judged(COST, costs([0.001] * 300, unscored=30)).state is UNSETTLED
    assert judged(COST, costs([0.002] * 300)).state is MISSED
    assert judged(COST, costs([0.002] * 300, missing=150)).state is UNSETTLED


def test_costs_of_samples_asked_several_times_rest_on_samples():
    once = judged(COST, costs([0.0011] * 300))
    five = judged(COST, costs([0.0011] * 300, epochs=5))
    assert (once.state, five.state) == (MET, UNSETTLED)


def test_a_budget_of_nothing_can_only_be_missed():
    free, paid = judged(at_most(0.0, "cost_per_1k_usd"), costs([0.0] * 50)), None
    assert free.state is UNSETTLED
    paid = judged(at_most(0.0, "cost_per_1k_usd"), costs([0.5] * 50))
    assert paid.state is MISSED


def test_ten_right_answers_need_nine_more_to_prove_85_per_cent():
    assert judged(at_least(0.85), run(10, 10)).samples_needed == 9


def test_samples_needed_are_samples_and_not_trials():
    few = round(known(judged(at_least(0.85), run(50, 50, epochs=5)).samples_needed))
    assert judged(at_least(0.85), run(50 + 5 * few, 50 + 5 * few, epochs=5)).state is MET
    assert judged(at_least(0.85), run(45 + 5 * few, 45 + 5 * few, epochs=5)).state is UNSETTLED


def test_samples_needed_fill_what_was_never_asked_first():
    assert judged(at_least(0.85), run(10, 10, missing=9)).samples_needed == 9
    assert judged(at_least(0.85), run(10, 10, unscored=9)).samples_needed == 83
    assert judged(at_least(0.85), run(93, 93, unscored=9)).state is MET
    assert judged(at_least(0.85), run(92, 92, unscored=9)).state is UNSETTLED


@pytest.mark.parametrize(
    ("criterion", "passed", "n"),
    [
        (at_least(0.85), 85, 100),
        (at_least(1.0), 100, 100),
        (at_least(0.8500001), 85, 100),
        (at_most(0.15), 15, 100),
    ],
)
def test_at_the_bar_no_number_of_samples_is_promised(criterion, passed, n):
    result = judged(criterion, run(passed, n))
    assert (result.state, result.samples_needed) == (UNSETTLED, None)


@given(st.integers(1, 200), st.integers(0, 10), st.integers(0, 10), st.data())
def test_the_samples_needed_settle_it_and_one_fewer_does_not(n, unscored, missing, data):
    passed = data.draw(st.integers(0, n))
    before = run(passed, n, unscored=unscored, missing=missing)
    needed = judged(at_least(0.7), before).samples_needed
    if needed is None:
        return
    settles = {}
    for extra in (needed - 1, needed):
        judged_then, gaps = n + extra, unscored + max(0, missing - extra)
        good = passed * judged_then / n  # a projected number of passes need not be whole
        low = clopper_pearson_lower(good, judged_then + gaps, alpha=ALPHA)
        high = clopper_pearson_upper(good + gaps, judged_then + gaps, alpha=ALPHA)
        settles[extra] = low >= 0.7 or high < 0.7
    assert settles == {needed - 1: False, needed: True}


criteria = st.builds(
    CriterionSpec,
    metric=st.just("exact_match"),
    comparator=st.sampled_from([Comparator.AT_LEAST, Comparator.AT_MOST]),
    threshold=st.floats(0, 1),
)


@st.composite
def evidence(draw):
    n = draw(st.integers(1, 400))
    passed = draw(st.integers(0, n))
    return passed, n, draw(st.integers(0, 40)), draw(st.integers(0, 40))


def gap_of(kind, unscored, missing):
    return {"unscored": unscored + (kind == "unscored"), "missing": missing + (kind == "missing")}


@given(criteria, evidence(), st.sampled_from(["unscored", "missing"]), st.booleans())
def test_losing_a_judged_trial_never_settles_what_was_not(criterion, evidence, kind, is_pass):
    passed, n, unscored, missing = evidence
    before = judged(criterion, run(passed, n, unscored=unscored, missing=missing))
    lost = int(is_pass and passed > 0)
    lost = 1 if passed == n else lost
    facts = run(passed - lost, n - 1, **gap_of(kind, unscored, missing))
    after = judged(criterion, facts)
    assert after.state in (before.state, UNSETTLED)


@given(criteria, evidence(), st.sampled_from(["unscored", "missing"]))
def test_adding_trials_without_a_score_helps_neither_side(criterion, evidence, kind):
    passed, n, unscored, missing = evidence
    before = judged(criterion, run(passed, n, unscored=unscored, missing=missing))
    facts = run(passed, n, **gap_of(kind, unscored, missing))
    assert judged(criterion, facts).state in (before.state, UNSETTLED)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=60),
    st.integers(0, 40),
    st.floats(0, 1),
    st.sampled_from(["unscored", "missing"]),
)
def test_losing_a_graded_trial_never_settles_what_was_not(scores, unscored, threshold, kind):
    before, after = (
        table(scores, unscored=unscored),
        table(scores[:-1], **gap_of(kind, unscored, 0)),
    )
    for criterion in (at_least(threshold), at_most(threshold)):
        was, became = (judged(criterion, on, is_graded=True) for on in (before, after))
        assert became.state in (was.state, UNSETTLED)


@given(evidence(), st.sampled_from(["known", "unscored", "missing"]))
def test_losing_a_latency_never_settles_what_was_not(evidence, kind):
    fast, n, unscored, missing = evidence
    before = judged(P95, latencies(fast, n, unscored=unscored, missing=missing))
    left = n if kind == "known" else n - 1
    gaps = gap_of(kind, unscored, missing)
    facts = latencies(max(fast - 1, 0), left, known=n - 1, **gaps)
    assert judged(P95, facts).state in (before.state, UNSETTLED)


@given(
    st.lists(st.floats(0, 0.1), min_size=3, max_size=30), st.sampled_from(["unscored", "missing"])
)
def test_losing_a_cost_never_settles_what_was_not(spent, kind):
    bar = at_most(20.0, "cost_per_1k_usd")
    before, after = judged(bar, costs(spent)), judged(bar, costs(spent[:-1], **{kind: 1}))
    assert after.state in (before.state, UNSETTLED)


@given(criteria, evidence(), st.integers(2, 5))
def test_more_samples_at_the_same_rate_never_unsettle(criterion, evidence, times):
    passed, n, _, _ = evidence
    before = judged(criterion, run(passed, n)).state
    after = judged(criterion, run(times * passed, times * n)).state
    assert before in (after, UNSETTLED)


def share_of(state, outcomes):
    return sum(outcome is state for outcome in outcomes) / len(outcomes)


def chance_at_most(alpha, rounds):
    """Return the largest share that three standard errors allow a rule that errs at alpha."""
    return alpha + 3 * sqrt(alpha * (1 - alpha) / rounds)


@pytest.mark.parametrize(("criterion", "rate"), [(at_least(0.85), 0.85), (at_most(0.15), 0.15)])
def test_a_candidate_exactly_at_the_bar_is_seldom_let_through_or_refused(criterion, rate):
    state = cache(lambda passed: judged(criterion, run(passed, 200)).state)
    passes = default_rng(20260301).binomial(200, rate, size=20_000).tolist()
    outcomes = [state(passed) for passed in passes]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=20_000)
    assert share_of(MISSED, outcomes) <= chance_at_most(ALPHA, rounds=20_000)


def test_samples_asked_five_times_alike_are_seldom_let_through_at_the_bar():
    bar = at_least(0.85)
    state = cache(
        lambda passed: judged(bar, table(np.repeat(scores_of(passed, 200), 5), epochs=5)).state
    )
    passes = default_rng(20260301).binomial(200, 0.85, size=20_000).tolist()
    outcomes = [state(passed) for passed in passes]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=20_000)


def test_a_graded_candidate_exactly_at_the_bar_is_seldom_let_through():
    scores = default_rng(20260301).beta(1.7, 0.3, size=(1_000, 200))  # their mean is 0.85
    outcomes = [judged(at_least(0.85), table(row), is_graded=True).state for row in scores]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=1_000)


def test_a_candidate_that_costs_what_the_bar_allows_is_seldom_let_through():
    # Skewed as token counts are: a t bound lets 7 to 10 % of these through.
    draw = default_rng(20260301).lognormal(mean=-0.5, sigma=1.0, size=(1_000, 100)) * 0.0015
    outcomes = [judged(COST, costs(row)).state for row in draw]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=1_000)


def test_a_clustered_set_is_judged_over_its_clusters_alone():
    own = run(190, 200)
    many = judged(at_least(0.8), grounds(own, clusters=range(200)))
    few = judged(at_least(0.8), grounds(own, clusters=np.arange(200) % 10))
    assert (many.state, few.state) == (MET, UNSETTLED)
    assert few.samples_needed is not None
    assert few.method == "one-sided betting bound over 10 clusters"


def test_a_claim_about_clusters_is_about_the_average_cluster():
    # One cluster of 90 wrong answers among ten clusters of right ones.
    own = table([*[0.0] * 90, *[1.0] * 10])
    result = judged(at_least(0.5), grounds(own, clusters=[0] * 90 + list(range(1, 11))))
    assert result.value == 0.1
    assert result.bound == bet_lower(Scores.of([0.0, *[1.0] * 10]), alpha=ALPHA)


def test_a_cluster_without_scores_counts_against_both_claims():
    own = table([*[1.0] * 60, *[np.nan] * 40])
    result = judged(at_least(0.8), grounds(own, clusters=range(100)))
    assert result.state is UNSETTLED
    assert judged(at_least(0.5), grounds(own, clusters=range(100))).state is UNSETTLED


def test_a_slice_is_judged_on_its_own_samples():
    own = table([*scores_of(98, 100), *scores_of(60, 100)])
    channels = ["web"] * 100 + ["phone"] * 100
    web = judged(at_least(0.85, slice={"channel": "web"}), grounds(own, channel=channels))
    phone = judged(at_least(0.85, slice={"channel": "phone"}), grounds(own, channel=channels))
    assert (web.state, web.value, web.n) == (MET, 0.98, 100)
    assert (phone.state, phone.value, phone.n) == (MISSED, 0.6, 100)
    assert web.bound == clopper_pearson_lower(98, 100, alpha=ALPHA)


def test_a_slice_by_a_column_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match=r"slice 'tone': found only \['channel'\]"):
        judged(at_least(0.5, slice={"tone": "x"}), grounds(run(1, 2), channel=["a", "b"]))


def against(won, lost, both, neither, **others):
    """Return grounds with so many pairs of each kind."""
    own = [1.0] * (won + both) + [0.0] * (lost + neither)
    other = [0.0] * won + [1.0] * (both + lost) + [0.0] * neither
    return grounds(table(own, **others), incumbent=table(other, **others))


def test_a_margin_is_judged_by_the_exact_paired_test():
    clear = judged(within(0.05), against(95, 90, 700, 115))
    assert (clear.state, clear.n) == (MET, 1000)
    assert clear.value == pytest.approx(0.005)
    assert clear.bound is not None
    assert -0.05 < clear.bound < 0.005
    assert (
        clear.method == "paired difference from the incumbent: exact paired test in Tango's order"
    )
    worse = judged(within(0.05), against(40, 150, 700, 110))
    assert worse.state is MISSED
    assert worse.bound is not None
    assert worse.bound < -0.05
    close = judged(within(0.05), against(6, 9, 70, 15))
    assert (close.state, close.samples_needed is None) == (UNSETTLED, False)


def test_graded_scores_and_clusters_bet_on_the_paired_difference():
    own, other = table([0.8, 0.9] * 200), table([0.8, 0.88] * 200)
    graded = judged(within(0.05), grounds(own, incumbent=other), is_graded=True)
    assert graded.state is MET
    assert graded.value == pytest.approx(0.01)
    assert graded.method.endswith("one-sided betting bound over 400 samples")
    clusters = np.arange(400) % 8
    few = judged(within(0.05), grounds(own, incumbent=other, clusters=clusters), is_graded=True)
    assert few.state is UNSETTLED


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 20))
def test_a_pair_that_lacks_a_score_never_settles_what_was_not(won, lost, alike, unscored):
    sure = judged(within(0.1), against(won, lost, alike, 1))
    own = against(won, lost, alike, 1, unscored=unscored)
    assert judged(within(0.1), own).state in (sure.state, UNSETTLED)


def test_a_margin_needs_an_incumbent():
    with pytest.raises(ValueError, match=r"exact_match within 0.05: no incumbent"):
        judged(within(0.05), run(5, 10))
