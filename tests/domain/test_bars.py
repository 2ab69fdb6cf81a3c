from dataclasses import replace
from functools import cache
from math import ceil, sqrt
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from scipy import stats

from evals.domain.bars import CriterionState, judge
from evals.domain.intervals import (
    bounded_mean_lower,
    bounded_mean_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
)
from evals.domain.metrics import (
    ClusterMeans,
    CostFacts,
    Counts,
    LatencyFacts,
    Quantile,
    RunFacts,
    ScoreFacts,
)
from evals.domain.specs import Comparator, CriterionSpec

ALPHA = 0.05
MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED


def at_least(threshold, metric="exact_match"):
    return CriterionSpec(metric=metric, comparator=Comparator.AT_LEAST, threshold=threshold)


def at_most(threshold, metric="exact_match"):
    return CriterionSpec(metric=metric, comparator=Comparator.AT_MOST, threshold=threshold)


def score(passed, n, *, total=None):
    total = float(passed) if total is None else total
    zeros = n - passed if total == passed else 0
    return ScoreFacts(
        metric="exact_match", n=n, total=total, squares=total, ones=passed, zeros=zeros
    )


def facts_of(n, *, unscored=0, missing=0, epochs=1, **figures):
    return RunFacts(
        counts=Counts(ok=n, infra_error=unscored),
        planned=n + unscored + missing,
        epochs=epochs,
        **figures,
    )


def run(passed, n, *, total=None, **others):
    return facts_of(n, scores={"exact_match": score(passed, n, total=total)}, **others)


def latencies(fast, n, *, known=None, threshold=2.0, **others):
    quantiles = {0.95: Quantile(value=1.43, low=1.38, high=1.52)}
    known = n if known is None else known
    latency = LatencyFacts(n=known, within={threshold: fast}, quantiles=quantiles)
    return facts_of(n, latency=latency, **others)


def costs(mean, sd, n, *, known=True, estimated=False, **others):
    cost = CostFacts(known=known, n=n, mean=mean, sd=sd, estimated=estimated)
    return facts_of(n, cost=cost, **others)


P95 = at_most(2.0, "latency_p95_seconds")
COST = at_most(1.5, "cost_per_1k_usd")


def test_a_rate_whose_exact_lower_bound_clears_the_bar_meets_it():
    result = judge(at_least(0.85), run(93, 100), alpha=ALPHA)
    assert result.state is MET
    assert result.value == 0.93
    assert result.bound == pytest.approx(0.8725, abs=5e-5)
    assert (result.n, result.samples_needed) == (100, None)
    assert result.method == "one-sided Clopper-Pearson bound"


def test_a_rate_whose_exact_upper_bound_is_below_the_bar_misses_it():
    result = judge(at_least(0.85), run(70, 100), alpha=ALPHA)
    assert result.state is MISSED
    assert result.bound == clopper_pearson_upper(70, 100, alpha=ALPHA) < 0.85


def test_a_rate_near_the_bar_is_unsettled_and_shows_the_bound_that_failed_to_clear():
    result = judge(at_least(0.85), run(45, 50), alpha=ALPHA)
    assert result.state is UNSETTLED
    assert result.bound == pytest.approx(0.8012, abs=5e-5)
    assert result.samples_needed == 100
    assert judge(at_least(0.85), run(135, 150), alpha=ALPHA).state is MET


def test_at_most_mirrors_at_least():
    few = judge(at_most(0.15), run(7, 100), alpha=ALPHA)
    assert (few.state, few.bound) == (MET, clopper_pearson_upper(7, 100, alpha=ALPHA))
    many = judge(at_most(0.15), run(30, 100), alpha=ALPHA)
    assert (many.state, many.bound) == (MISSED, clopper_pearson_lower(30, 100, alpha=ALPHA))
    between = judge(at_most(0.15), run(10, 100), alpha=ALPHA)
    assert between.state is UNSETTLED
    assert between.bound == clopper_pearson_upper(10, 100, alpha=ALPHA)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 30), st.integers(0, 30), st.data())
def test_failures_at_most_are_judged_as_passes_at_least(passed, failed, unscored, missing, data):
    threshold = data.draw(st.sampled_from([0.1, 0.4, 0.65, 0.85, 0.95]))
    n = passed + failed
    gaps = {"unscored": unscored, "missing": missing}
    good = judge(at_least(threshold), run(passed, n, **gaps), alpha=ALPHA)
    bad = judge(at_most(1 - threshold), run(failed, n, **gaps), alpha=ALPHA)
    assert good.state is bad.state
    if n:
        assert bad.bound is not None
        assert good.bound == pytest.approx(1 - bad.bound, abs=1e-9)


@pytest.mark.parametrize("gap", ["unscored", "missing"])
def test_trials_without_a_score_count_as_wrong_for_go(gap):
    assert judge(at_least(0.85), run(93, 100), alpha=ALPHA).state is MET
    result = judge(at_least(0.85), run(93, 100, **{gap: 5}), alpha=ALPHA)
    assert result.state is UNSETTLED
    assert result.bound == clopper_pearson_lower(93, 105, alpha=ALPHA)
    assert (result.value, result.n) == (0.93, 100)
    assert result.method.endswith("; 5 trials without a figure: counted against")


@pytest.mark.parametrize("gap", ["unscored", "missing"])
def test_trials_without_a_score_count_as_right_for_no_go(gap):
    assert judge(at_least(0.85), run(77, 100), alpha=ALPHA).state is MISSED
    result = judge(at_least(0.85), run(77, 100, **{gap: 20}), alpha=ALPHA)
    assert result.state is UNSETTLED
    assert judge(at_least(0.85), run(60, 100, **{gap: 20}), alpha=ALPHA).bound == (
        clopper_pearson_upper(80, 120, alpha=ALPHA)
    )


def test_a_judged_trial_that_one_metric_lacks_counts_against_that_metric():
    facts = replace(run(93, 100), counts=Counts(ok=105), planned=105)
    assert judge(at_least(0.85), facts, alpha=ALPHA).state is UNSETTLED


def test_graded_scores_are_judged_by_hoeffdings_bound():
    result = judge(at_least(0.85), run(0, 200, total=184.0), alpha=ALPHA)
    assert result.state is MET
    assert result.bound == bounded_mean_lower(0.92, 200, alpha=ALPHA)
    assert result.method == "one-sided Chernoff-Hoeffding bound"
    low = judge(at_least(0.85), run(0, 200, unscored=10, total=120.0), alpha=ALPHA)
    assert low.state is MISSED
    assert low.bound == bounded_mean_upper(130 / 210, 210, alpha=ALPHA)


def test_a_mean_a_hair_above_one_from_summing_floats_is_one():
    result = judge(at_least(0.5), run(0, 3, total=3.0000000000000004), alpha=ALPHA)
    assert (result.value, result.bound) == (1.0, bounded_mean_lower(1.0, 3, alpha=ALPHA))


def test_asking_each_sample_five_times_is_judged_over_samples():
    once = judge(at_least(0.85), run(460, 500), alpha=ALPHA)
    five = judge(at_least(0.85), run(460, 500, epochs=5), alpha=ALPHA)
    assert (once.state, five.state) == (MET, UNSETTLED)
    assert five.bound == bounded_mean_lower(0.92, 100, alpha=ALPHA)
    assert five.method == "one-sided Chernoff-Hoeffding bound over samples"


@pytest.mark.parametrize("criterion", [at_least(0.85), at_least(0.0), at_most(1.0), P95, COST])
@pytest.mark.parametrize("unscored", [0, 50])
def test_where_nothing_was_judged_nothing_is_settled(criterion, unscored):
    facts = RunFacts(counts=Counts(infra_error=unscored), planned=100)
    result = judge(criterion, facts, alpha=ALPHA)
    assert result.state is UNSETTLED
    assert (result.value, result.bound, result.n) == (None, None, 0)
    assert result.samples_needed is None


def test_a_metric_with_no_score_yet_is_unsettled():
    result = judge(at_least(0.85), run(0, 0, missing=10), alpha=ALPHA)
    assert (result.state, result.method) == (UNSETTLED, "nothing was judged")


def test_a_metric_that_nobody_counted_is_refused_by_name():
    with pytest.raises(ValueError, match=r"metric 'f2': found only \['exact_match'\]"):
        judge(at_least(0.85, "f2"), run(5, 10), alpha=ALPHA)


def test_a_latency_is_judged_by_the_share_of_trials_that_were_fast_enough():
    result = judge(P95, latencies(985, 1000), alpha=ALPHA)
    assert result.state is MET
    assert result.value == 1.43
    assert result.bound == clopper_pearson_lower(985, 1000, alpha=ALPHA) >= 0.95
    assert result.method == ("share within 2 s at least 0.95: one-sided Clopper-Pearson bound")
    slow = judge(P95, latencies(900, 1000), alpha=ALPHA)
    assert (slow.state, slow.bound) == (MISSED, clopper_pearson_upper(900, 1000, alpha=ALPHA))
    close = judge(P95, latencies(955, 1000), alpha=ALPHA)
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
    assert judge(at_most(2.0, metric), latencies(fast, 100), alpha=ALPHA).state is state


@pytest.mark.parametrize(
    "facts",
    [
        latencies(970, 1040, known=1000),
        latencies(970, 1000, unscored=40),
        latencies(970, 1000, missing=40),
    ],
)
def test_a_latency_that_is_not_known_counts_against(facts):
    assert judge(P95, latencies(970, 1000), alpha=ALPHA).state is MET
    result = judge(P95, facts, alpha=ALPHA)
    assert (result.state, result.n) == (UNSETTLED, 1000)
    assert result.bound == clopper_pearson_lower(970, 1040, alpha=ALPHA)


def test_latencies_of_samples_asked_several_times_are_judged_over_samples():
    result = judge(P95, latencies(970, 1000, epochs=5), alpha=ALPHA)
    assert result.bound == bounded_mean_lower(0.97, 200, alpha=ALPHA)


def test_without_a_count_for_the_threshold_a_latency_is_refused():
    with pytest.raises(ValueError, match=r"within 2 s: found only \[3.0\]"):
        judge(P95, latencies(9, 10, threshold=3.0), alpha=ALPHA)


@pytest.mark.parametrize("metric", ["latency_p95_seconds", "cost_per_1k_usd"])
def test_a_latency_or_a_cost_at_least_is_refused(metric):
    with pytest.raises(ValueError, match=f"{metric}: need at_most, got at_least"):
        judge(at_least(1.0, metric), run(5, 10), alpha=ALPHA)


def test_a_cost_is_judged_by_its_t_bound():
    cheap = judge(COST, costs(0.001, 0.0005, 100), alpha=ALPHA)
    expected = 1 + stats.t.ppf(0.95, 99) * 0.5 / 10
    assert (cheap.state, cheap.value) == (MET, 1.0)
    assert cheap.bound == pytest.approx(expected, abs=1e-9)
    assert cheap.method == "one-sided t bound"
    dear = judge(COST, costs(0.002, 0.0005, 100), alpha=ALPHA)
    assert dear.state is MISSED
    assert dear.bound == pytest.approx(2 - (expected - 1), abs=1e-9)
    close = judge(COST, costs(0.00149, 0.0005, 100), alpha=ALPHA)
    assert close.state is UNSETTLED
    assert close.samples_needed == 6666
    assert 1.49 + stats.t.ppf(0.95, 6765) * 0.5 / sqrt(6766) <= 1.5
    assert 1.49 + stats.t.ppf(0.95, 6764) * 0.5 / sqrt(6765) > 1.5


def test_an_unknown_cost_is_unsettled():
    result = judge(COST, costs(0.0, 0.0, 100, known=False), alpha=ALPHA)
    assert (result.state, result.value, result.bound) == (UNSETTLED, None, None)
    assert result.method == "the price or the usage is unknown"


def test_estimated_costs_are_marked():
    result = judge(COST, costs(0.001, 0.0005, 100, estimated=True), alpha=ALPHA)
    assert result.method == "one-sided t bound, estimated costs"


@pytest.mark.parametrize(("n", "sd", "epochs"), [(1, None, 1), (100, None, 1), (5, 0.0, 5)])
def test_a_cost_without_a_spread_has_no_bound(n, sd, epochs):
    result = judge(COST, costs(0.001, sd, n, epochs=epochs), alpha=ALPHA)
    assert (result.state, result.value, result.bound) == (UNSETTLED, 1.0, None)


@pytest.mark.parametrize("gap", ["unscored", "missing"])
def test_one_trial_without_a_cost_could_have_cost_anything(gap):
    result = judge(COST, costs(0.001, 0.0001, 100, **{gap: 1}), alpha=ALPHA)
    assert (result.state, result.bound) == (UNSETTLED, None)
    assert result.samples_needed == (1 if gap == "missing" else None)
    assert result.method.endswith("; 1 trials without a figure: no known upper bound")


def test_trials_without_a_cost_count_as_free_for_no_go():
    assert judge(COST, costs(0.002, 0.0001, 100, unscored=10), alpha=ALPHA).state is MISSED
    assert judge(COST, costs(0.002, 0.0001, 100, unscored=50), alpha=ALPHA).state is UNSETTLED


def test_costs_of_samples_asked_several_times_rest_on_samples():
    once = judge(COST, costs(0.0014, 0.0005, 100), alpha=ALPHA)
    five = judge(COST, costs(0.0014, 0.0005, 100, epochs=5), alpha=ALPHA)
    assert (once.state, five.state) == (MET, UNSETTLED)


def test_ten_right_answers_need_nine_more_to_prove_85_per_cent():
    assert judge(at_least(0.85), run(10, 10), alpha=ALPHA).samples_needed == 9


def test_samples_needed_are_samples_and_not_trials():
    assert judge(at_least(0.85), run(50, 50, epochs=5), alpha=ALPHA).samples_needed == 9


def test_samples_needed_fill_what_was_never_asked_first():
    assert judge(at_least(0.85), run(10, 10, missing=9), alpha=ALPHA).samples_needed == 9
    assert judge(at_least(0.85), run(10, 10, unscored=9), alpha=ALPHA).samples_needed == 83
    assert judge(at_least(0.85), run(93, 93, unscored=9), alpha=ALPHA).state is MET
    assert judge(at_least(0.85), run(92, 92, unscored=9), alpha=ALPHA).state is UNSETTLED


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
    result = judge(criterion, run(passed, n), alpha=ALPHA)
    assert (result.state, result.samples_needed) == (UNSETTLED, None)


@given(st.integers(1, 200), st.integers(0, 10), st.integers(0, 10), st.integers(1, 4), st.data())
def test_the_samples_needed_settle_it_and_one_fewer_does_not(n, unscored, missing, epochs, data):
    passed = data.draw(st.integers(0, n))
    gaps = {"unscored": unscored * epochs, "missing": missing * epochs}
    before = run(passed * epochs, n * epochs, epochs=epochs, **gaps)
    needed = judge(at_least(0.7), before, alpha=ALPHA).samples_needed
    if needed is None:
        return
    settles = {}
    for extra in (needed - 1, needed):
        trials = (n + extra) * epochs
        gaps["missing"] = max(0, missing - extra) * epochs
        after = run(0, trials, epochs=epochs, total=trials * passed / n, **gaps)
        exact = epochs == 1
        settles[extra] = _settles(after, exact=exact)
    assert settles == {needed - 1: False, needed: True}


def _settles(facts, *, exact):
    """Judge by hand, since a projected number of passes need not be whole."""
    total, good = facts.planned, facts.scores["exact_match"].total
    most = min(good + total - facts.counts.judged, total)
    if exact:
        low = clopper_pearson_lower(good, total, alpha=ALPHA)
        high = clopper_pearson_upper(most, total, alpha=ALPHA)
    else:
        samples = total / facts.epochs
        low = bounded_mean_lower(min(good / total, 1), samples, alpha=ALPHA)
        high = bounded_mean_upper(min(most / total, 1), samples, alpha=ALPHA)
    return low >= 0.7 or high < 0.7


criteria = st.builds(
    CriterionSpec,
    metric=st.just("exact_match"),
    comparator=st.sampled_from(Comparator),
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
    before = judge(criterion, run(passed, n, unscored=unscored, missing=missing), alpha=ALPHA)
    lost = int(is_pass and passed > 0)
    lost = 1 if passed == n else lost
    facts = run(passed - lost, n - 1, **gap_of(kind, unscored, missing))
    after = judge(criterion, facts, alpha=ALPHA)
    assert after.state in (before.state, UNSETTLED)


@given(criteria, evidence(), st.sampled_from(["unscored", "missing"]))
def test_adding_trials_without_a_score_helps_neither_side(criterion, evidence, kind):
    passed, n, unscored, missing = evidence
    before = judge(criterion, run(passed, n, unscored=unscored, missing=missing), alpha=ALPHA)
    facts = run(passed, n, **gap_of(kind, unscored, missing))
    assert judge(criterion, facts, alpha=ALPHA).state in (before.state, UNSETTLED)


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1), st.integers(0, 40), st.floats(0, 1))
def test_losing_a_graded_trial_never_settles_what_was_not(n, mean, lost, unscored, threshold):
    total = mean * (n - 1)
    before = run(0, n, total=total + lost, unscored=unscored)
    after = run(0, n - 1, total=total, unscored=unscored + 1)
    graded = [
        replace(facts, scores={"exact_match": replace(score, is_graded=True)})
        for facts in (before, after)
        for score in facts.scores.values()
    ]
    for criterion in (at_least(threshold), at_most(threshold)):
        was, became = (judge(criterion, facts, alpha=ALPHA) for facts in graded)
        assert became.state in (was.state, UNSETTLED)


@given(evidence(), st.sampled_from(["known", "unscored", "missing"]))
def test_losing_a_latency_never_settles_what_was_not(evidence, kind):
    fast, n, unscored, missing = evidence
    before = judge(P95, latencies(fast, n, unscored=unscored, missing=missing), alpha=ALPHA)
    left = n if kind == "known" else n - 1
    gaps = gap_of(kind, unscored, missing)
    facts = latencies(max(fast - 1, 0), left, known=n - 1, **gaps)
    assert judge(P95, facts, alpha=ALPHA).state in (before.state, UNSETTLED)


@given(
    st.lists(st.floats(0, 0.1), min_size=3, max_size=30), st.sampled_from(["unscored", "missing"])
)
def test_losing_a_cost_never_meets_a_bar(spent, kind):
    def judged(values, **gaps):
        facts = costs(sum(values) / len(values), stdev(values), len(values), **gaps)
        return judge(at_most(20.0, "cost_per_1k_usd"), facts, alpha=ALPHA).state

    assert judged(sorted(spent)[:-1], **{kind: 1}) is not MET


@given(criteria, evidence(), st.integers(2, 5))
def test_more_samples_at_the_same_rate_never_unsettle(criterion, evidence, times):
    passed, n, _, _ = evidence
    before = judge(criterion, run(passed, n), alpha=ALPHA).state
    after = judge(criterion, run(times * passed, times * n), alpha=ALPHA).state
    assert before in (after, UNSETTLED)


def share_of(state, outcomes):
    return sum(outcome is state for outcome in outcomes) / len(outcomes)


def chance_at_most(alpha, rounds):
    """Return the largest share that three standard errors allow a rule that errs at alpha."""
    return alpha + 3 * sqrt(alpha * (1 - alpha) / rounds)


@pytest.mark.parametrize(("criterion", "rate"), [(at_least(0.85), 0.85), (at_most(0.15), 0.15)])
def test_a_candidate_exactly_at_the_bar_is_seldom_let_through_or_refused(criterion, rate):
    state = cache(lambda passed: judge(criterion, run(passed, 200), alpha=ALPHA).state)
    passes = default_rng(20260301).binomial(200, rate, size=20_000).tolist()
    outcomes = [state(passed) for passed in passes]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=20_000)
    assert share_of(MISSED, outcomes) <= chance_at_most(ALPHA, rounds=20_000)


def test_samples_asked_five_times_alike_are_seldom_let_through_at_the_bar():
    bar = at_least(0.85)
    state = cache(lambda passed: judge(bar, run(5 * passed, 1000, epochs=5), alpha=ALPHA).state)
    passes = default_rng(20260301).binomial(200, 0.85, size=20_000).tolist()
    outcomes = [state(passed) for passed in passes]
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=20_000)


def test_a_graded_candidate_exactly_at_the_bar_is_seldom_let_through():
    bar = at_least(0.85)
    state = cache(lambda total: judge(bar, run(0, 200, total=total), alpha=ALPHA).state)
    scores = default_rng(20260301).beta(1.7, 0.3, size=(5_000, 200))  # their mean is 0.85
    outcomes = [state(ceil(total)) for total in scores.sum(axis=1)]  # in the candidate's favour
    assert share_of(MET, outcomes) <= chance_at_most(ALPHA, rounds=5_000)


def clustered(*, count, least, most, n=200):
    score = ScoreFacts(
        metric="exact_match",
        n=n,
        total=least * n / count,
        squares=least * n / count,
        ones=n,
        zeros=0,
        clusters=ClusterMeans(count=count, least=least, most=most),
    )
    return RunFacts(counts=Counts(ok=n), planned=n, scores={"exact_match": score})


def test_a_clustered_set_is_judged_over_its_clusters_alone():
    many = judge(at_least(0.8), clustered(count=200, least=190, most=190), alpha=0.05)
    few = judge(at_least(0.8), clustered(count=10, least=9.5, most=9.5), alpha=0.05)
    assert (many.state, few.state) == (CriterionState.MET, CriterionState.UNSETTLED)
    assert few.samples_needed is not None
    assert "10 clusters" in few.method


def test_a_cluster_without_scores_counts_against_both_claims():
    gap = judge(at_least(0.8), clustered(count=100, least=60, most=100), alpha=0.05)
    assert gap.state is CriterionState.UNSETTLED
