"""First tokens, errors and what an accepted answer costs, as criteria of a bar."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from evals.domain.accepting import Acceptance, acceptance_of, accepting_scorer
from evals.domain.bars import CriterionState
from evals.domain.estimates import Estimator
from evals.domain.intervals import clopper_pearson_lower, clopper_pearson_upper
from evals.domain.linefigures import line_figure
from evals.domain.measured import ERROR_RATE
from evals.domain.specfile import check_promises
from evals.domain.trialtables import error_scores
from tests.domain.specfiles import SMALLEST, changed, read, told
from tests.domain.tables import ALPHA, at_most, grounds, judged, scores_of, table

MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED
FIRST = at_most(0.5, "ttft_p95_seconds")
ERRORS = at_most(0.05, ERROR_RATE)
ACCEPTED = at_most(0.01, "cost_per_accepted_usd")
DROPPED = Acceptance(metric="exact_match")
REDONE = Acceptance(metric="exact_match", failure_usd=0.04)
BOTH = [False, True]
LINE = "- metric: exact_match\n  at_least: 0.85\n"
SLICED = SMALLEST.replace("  target: label\n", "  target: label\n  slices: [a]\n")


def streamed(quick, n, **others):
    """Return `n` trials of which `quick` began within 0.1 s, the others after 1 s."""
    seconds = [0.1] * quick + [1.0] * (n - quick)
    return table(scores_of(n, n), first_token=seconds, seconds=[2.0] * n, **others)


def erring(errors, n, *, missing=0):
    """Return a table in which so many of `n` trials ended in an error."""
    own = table(scores_of(n - errors, n - errors), unscored=errors, missing=missing)
    scores = error_scores(own.stored, own.judged, own.refused)
    return replace(own, scores={**own.scores, ERROR_RATE: scores})


def accepted(usd, right, acceptance=DROPPED, **others):
    return grounds(table(right, usd=usd, **others), acceptance=acceptance)


# --- first tokens


def test_a_first_token_is_judged_by_the_share_within_the_limit():
    result = judged(FIRST, streamed(198, 200))
    assert (result.state, result.value) == (MET, 0.1)
    assert result.bound == clopper_pearson_lower(198, 200, alpha=ALPHA)
    assert "share within 0.5 s at least 0.95" in result.method
    assert judged(FIRST, streamed(150, 200)).state is MISSED


@pytest.mark.parametrize("stop_early", BOTH)
def test_a_trial_without_a_known_first_token_counts_against_the_claim(stop_early):
    assert judged(FIRST, streamed(400, 400), stop_early=stop_early).state is MET
    seconds = np.where(np.arange(400) % 10 == 5, np.nan, 0.1)
    some = table(scores_of(400, 400), first_token=seconds, seconds=[2.0] * 400)
    assert judged(FIRST, some, stop_early=stop_early).state is not MET


def test_nothing_streamed_is_unknown_and_settles_nothing():
    result = judged(FIRST, table(scores_of(90, 100), seconds=[0.1] * 100))
    assert (result.state, result.value) == (UNSETTLED, None)
    assert result.method == "no time to the first token is known"


def test_a_refused_request_is_no_quick_first_token():
    refused = [True] * 40 + [False] * 160
    assert judged(FIRST, streamed(200, 200, refused=refused)).state is not MET


def test_a_latency_does_not_read_first_tokens():
    assert judged(at_most(0.5, "latency_p95_seconds"), streamed(200, 200)).state is MISSED


# --- errors


def test_an_error_rate_is_judged_exactly():
    result = judged(ERRORS, erring(2, 200))
    assert (result.state, result.value, result.n) == (MET, 0.01, 200)
    assert result.bound == clopper_pearson_upper(2, 200, alpha=ALPHA)
    assert judged(ERRORS, erring(30, 200)).state is MISSED
    assert judged(ERRORS, erring(8, 200)).state is UNSETTLED


def test_refusals_failures_and_unscored_outputs_are_errors_and_silence_is_none():
    stored = np.array([[True], [True], [True], [False]])
    was_judged = np.array([[True], [True], [False], [False]])
    refused = np.array([[False], [True], [False], [False]])
    found = error_scores(stored, was_judged, refused)
    np.testing.assert_array_equal(found, [[0.0], [1.0], [1.0], [np.nan]])


@given(st.integers(0, 60), st.integers(1, 200), st.integers(0, 60))
def test_trials_that_were_never_asked_never_help(errors, fine, missing):
    whole, cut = erring(errors, errors + fine), erring(errors, errors + fine, missing=missing)
    if judged(ERRORS, cut).state is MET:
        assert judged(ERRORS, whole).state is MET


def test_an_error_rate_settles_under_a_stop_rule():
    result = judged(ERRORS, erring(0, 400), stop_early=True)
    assert result.state is MET
    assert result.n < 400


# --- what an accepted answer costs


@pytest.mark.parametrize("stop_early", BOTH)
def test_cheap_right_answers_meet_a_limit_for_each_accepted_one(stop_early):
    result = judged(ACCEPTED, accepted([0.002] * 400, scores_of(360, 400)), stop_early=stop_early)
    assert result.state is MET
    if not stop_early:
        assert result.value == pytest.approx(0.002 * 400 / 360)
        assert result.n == 400
        assert result.bound is not None
        assert result.bound < 0


def test_the_same_answers_miss_it_where_few_are_right():
    result = judged(ACCEPTED, accepted([0.005] * 400, scores_of(80, 400)))
    assert result.state is MISSED
    assert result.value == pytest.approx(0.025)


def test_what_it_costs_to_do_wrong_ones_again_is_added():
    answers = [0.002] * 2000, scores_of(1900, 2000)
    result = judged(ACCEPTED, accepted(*answers, REDONE))
    assert result.state is MET
    assert result.value == pytest.approx(0.002 + 0.05 * 0.04)
    assert result.bound == pytest.approx(result.value, rel=0.6)
    dear = replace(REDONE, failure_usd=0.4)
    assert judged(ACCEPTED, accepted(*answers, dear)).state is MISSED


def test_no_accepted_answer_is_an_unknown_cost_and_never_a_go():
    result = judged(ACCEPTED, accepted([0.001] * 200, scores_of(0, 200)))
    assert result.value is None
    assert result.state is not MET


@pytest.mark.parametrize("acceptance", [DROPPED, REDONE])
@pytest.mark.parametrize("stop_early", BOTH)
def test_an_unknown_price_settles_nothing(acceptance, stop_early):
    unpriced = accepted([np.nan] * 200, scores_of(200, 200), acceptance)
    result = judged(ACCEPTED, unpriced, stop_early=stop_early)
    assert (result.state, result.value) == (UNSETTLED, None)
    assert "unknown" in result.method


@pytest.mark.parametrize("acceptance", [DROPPED, REDONE])
def test_unscored_and_missing_trials_never_help(acceptance):
    right = scores_of(190, 200)
    assert judged(ACCEPTED, accepted([0.001] * 200, right, acceptance)).state is MET
    for gap in ({"unscored": 100}, {"missing": 100}):
        gone = accepted([0.001] * 200, right, acceptance, **gap)
        assert judged(ACCEPTED, gone).state is not MET


@pytest.mark.parametrize("acceptance", [DROPPED, REDONE])
@pytest.mark.parametrize("stop_early", BOTH)
def test_a_go_at_the_limit_is_rare(acceptance, stop_early):
    rng, runs, wrong = default_rng(7), 200, 0
    for _ in range(runs):
        right = (rng.random(250) < 0.8).astype(float)
        usd = rng.lognormal(-0.5 * 0.5**2, 0.5, 250) * 0.004
        truth = 0.004 / 0.8 if acceptance is DROPPED else 0.004 + 0.2 * 0.04
        line = replace(ACCEPTED, threshold=truth)
        result = judged(line, accepted(usd, right, acceptance), stop_early=stop_early)
        wrong += result.state is MET
    assert wrong <= ALPHA * runs


@pytest.mark.parametrize("stop_early", BOTH)
def test_an_error_rate_at_its_limit_is_rarely_a_go(stop_early):
    rng, runs, wrong = default_rng(11), 300, 0
    for _ in range(runs):
        result = judged(ERRORS, shuffled_errors(rng), stop_early=stop_early)
        wrong += result.state is MET
    # Twice the standard deviation of a share of alpha: the exact test comes close to it.
    assert wrong <= runs * (ALPHA + 2 * (ALPHA * (1 - ALPHA) / runs) ** 0.5)


def shuffled_errors(rng):
    own = table([1.0] * 200)
    return replace(own, scores={ERROR_RATE: (rng.random((200, 1)) < 0.05).astype(float)})


def test_the_figure_shown_is_the_ratio_with_its_interval():
    rng = default_rng(3)
    right = (rng.random(500) < 0.7).astype(float)
    found = accepted(rng.lognormal(size=500) * 0.002, right)
    estimator = Estimator(grounds=found, upto=500, stop_early=False, graded=frozenset())
    figure = line_figure(estimator, ACCEPTED)
    assert figure is not None
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.value == pytest.approx(np.nansum(found.table.usd) / right.sum())
    assert figure.low < figure.value < figure.high


# --- what a spec may say


def bar(line, *, more="", spec=SMALLEST):
    assert spec.count(LINE) == 1
    return spec.replace(LINE, f"- {{{line}}}\n") + more


def test_less_is_better_for_all_of_them():
    for metric in ("error_rate", "ttft_p99_seconds", "cost_per_accepted_usd"):
        (said,) = told(bar(f"metric: {metric}, at_least: 0.5"))
        assert "expected at_most: less is better" in said


def test_an_error_rate_is_a_share_above_nothing():
    assert "write 0.02" in told(bar("metric: error_rate, at_most: 2"))[0]
    assert "no number of samples can prove" in told(bar("metric: error_rate, at_most: 0"))[0]
    assert read(bar("metric: error_rate, at_most: 0.02")).bar[0].threshold == 0.02


def test_a_first_token_needs_answers_that_are_streamed():
    (said,) = told(bar("metric: ttft_p95_seconds, at_most: 1"))
    assert "the answers of 'open' come in one piece" in said
    assert "stream: true" in said
    spec = changed("    kind: openai\n", "    kind: openai\n    stream: true\n")
    (line,) = read(bar("metric: ttft_p95_seconds, at_most: 1", spec=spec)).bar
    assert line.metric == "ttft_p95_seconds"


def test_the_incumbents_answers_need_not_be_streamed():
    spec = read(bar("metric: ttft_p95_seconds, at_most: 1", more="incumbent: open\n"))
    assert spec.bar[0].threshold == 1


def test_what_is_stored_is_read_whatever_is_streamed():
    text = bar("metric: ttft_p95_seconds, at_most: 1", more="incumbent: open\n")
    spec = replace(read(text), incumbent=None)
    assert [p.path for p in check_promises(spec)] == [("bar", 0, "metric")]


def test_an_accepted_answer_needs_a_scorer_of_0_and_1_and_a_limit():
    spec = SMALLEST.replace("- exact_match\nbar", "- f1\nbar")
    assert "partial credit is no accepted answer" in "".join(
        told(bar("metric: cost_per_accepted_usd, at_most: 1", spec=spec))
    )
    assert "above 0" in told(bar("metric: cost_per_accepted_usd, at_most: 0"))[0]


def test_the_first_scorer_that_the_bar_names_accepts():
    spec = SMALLEST.replace("- exact_match\nbar", "- f1\n- exact_match\nbar")
    assert accepting_scorer(read(spec)) == "exact_match"
    assert accepting_scorer(read(bar("metric: error_rate, at_most: 0.1"))) == "exact_match"


def test_the_tasks_failure_cost_is_what_a_wrong_answer_costs():
    assert acceptance_of(read(SMALLEST)).failure_usd is None
    task = "  name: Support intent\n"
    text = changed(task, f"{task}  failure_cost_usd: 0.4\n")
    assert acceptance_of(read(text)).failure_usd == 0.4


def test_what_every_sample_costs_has_no_slices():
    (said,) = told(bar("metric: cost_per_accepted_usd, slice: {a: b}, at_most: 1", spec=SLICED))
    assert "expected none" in said
