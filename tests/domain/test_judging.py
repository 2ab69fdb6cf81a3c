"""Candidates judged together, at a fixed n and by the stop rule."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from evals.domain.bars import CriterionState, evidence_of
from evals.domain.intervals import clopper_pearson_lower
from evals.domain.judging import Contender, Rules, judge_all, settled_after
from evals.domain.sequential import anytime_rate_lower, log_evidence_above
from evals.domain.specs import PlanSpec
from tests.domain.tables import (
    EACH,
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
BAR = at_least(0.85)


def rules(*bar, stop_early=False, alpha=0.05, graded=()):
    plan = PlanSpec(alpha=alpha, stop_early=stop_early)
    return Rules(bar=bar or (BAR,), plan=plan, graded=frozenset(graded))


def contender(own, *, is_incumbent=False, **others):
    return Contender(grounds=grounds(own, **others), is_incumbent=is_incumbent)


def states(results):
    return [[result.state for result in lines] for lines in results]


def judge_tables(*found, have_ended=True, **plan):
    return judge_all(rules(**plan), [contender(each) for each in found], have_ended=have_ended)


def test_of_several_candidates_each_needs_more_than_one_alone():
    alone = judge_tables(run(91, 100))
    assert (alone[0][0].state, alone[0][0].level) == (UNSETTLED, 0.05)
    passing = run(185, 200)  # p = 0.0013
    near = run(180, 200)  # p = 0.0255
    assert states(judge_tables(near)) == [[MET]]
    assert states(judge_tables(near, run(100, 200))) == [[UNSETTLED], [MISSED]]
    both = judge_tables(passing, near)
    assert states(both) == [[MET], [MET]]
    assert [lines[0].level for lines in both] == [0.025, 0.05]  # Holm: the second gets it all
    assert both[0][0].bound == clopper_pearson_lower(185, 200, alpha=0.025)


def test_a_no_go_is_not_corrected():
    poor = run(77, 100)
    assert states(judge_tables(poor)) == [[MISSED]]
    assert states(judge_tables(poor, *[run(50, 100)] * 5))[0] == [MISSED]


def test_the_incumbent_makes_no_claim_and_costs_the_others_nothing():
    near = run(180, 200)
    runs = [contender(run(190, 200), is_incumbent=True), contender(near)]
    (_, lines) = judge_all(rules(), runs, have_ended=True)
    assert (lines[0].state, lines[0].level) == (MET, 0.05)


def test_the_incumbent_is_not_compared_with_itself():
    own, other = run(90, 100), run(95, 100)
    runs = [contender(other, is_incumbent=True), contender(own, incumbent=other)]
    (incumbent, candidate) = judge_all(rules(within(0.2)), runs, have_ended=True)
    assert (incumbent[0].state, incumbent[0].value) == (UNSETTLED, None)
    assert incumbent[0].method == "the incumbent is not compared with itself"
    assert candidate[0].state is MET


def test_a_criterions_own_alpha_is_the_level_of_its_bounds():
    strict = replace(BAR, alpha=0.01)
    (lines,) = judge_all(rules(strict), [contender(run(180, 200))], have_ended=True)
    assert (lines[0].state, lines[0].level) == (UNSETTLED, 0.01)
    (lines,) = judge_all(rules(strict), [contender(run(190, 200))], have_ended=True)
    assert (lines[0].state, lines[0].bound) == (MET, clopper_pearson_lower(190, 200, alpha=0.01))


def prefix(scores, missing=0):
    return table(scores, missing=missing)


def shuffled(passed, n, seed=3):
    scores = np.array(scores_of(passed, n))
    default_rng(seed).shuffle(scores)
    return scores


def test_a_stop_rule_settles_at_the_first_sample_whose_evidence_suffices():
    scores = shuffled(285, 300)
    result = judged(BAR, table(scores), stop_early=True)
    evidence = log_evidence_above(scores.cumsum(), np.arange(1, 301), bar=0.85)
    first = int((evidence >= np.log(20)).argmax()) + 1
    assert (result.state, result.n, result.places) == (MET, first, first)
    assert result.value == scores[:first].mean()
    assert result.bound == anytime_rate_lower(scores[:first].sum(), first, alpha=0.05)
    assert result.bound >= 0.85
    assert result.method == (
        f"anytime-valid rate bound, settled after {first} samples of the shuffled order"
    )


def test_what_lies_beyond_a_gap_is_not_read():
    scores = shuffled(285, 300)
    holed = table(scores)
    stored = holed.stored.copy()
    stored[10] = False
    result = judged(BAR, replace(holed, stored=stored), stop_early=True)
    assert (result.state, result.places) == (UNSETTLED, 10)
    assert result.n == 10


def test_the_sequential_rule_also_judges_at_the_end_of_the_set():
    near = table(shuffled(93, 100))
    assert judged(BAR, near).state is MET
    assert judged(BAR, near, stop_early=True).state is UNSETTLED


def test_an_unscored_trial_counts_against_go_and_against_no_go_in_the_prefix():
    good = [1.0] * 19
    assert judged(BAR, table([*good, *good]), stop_early=True).state is MET
    lost = [np.nan if i % 4 == 0 else 1.0 for i in range(38)]
    assert judged(BAR, table(lost), stop_early=True).state is UNSETTLED
    bad = [np.nan if i % 2 else 0.0 for i in range(20)]
    assert judged(BAR, table([0.0] * 20), stop_early=True).state is MISSED
    assert judged(BAR, table(bad), stop_early=True).places > (
        judged(BAR, table([0.0] * 20), stop_early=True).places
    )


def test_a_go_takes_k_times_the_evidence_while_asking_and_holms_share_at_the_end():
    scores = shuffled(285, 300)
    alone = judged(BAR, table(scores), stop_early=True)
    others = [table(np.zeros(300))] * 3
    asking = judge_tables(table(scores), *others, stop_early=True, have_ended=False)
    assert asking[0][0].state is MET
    assert asking[0][0].n > alone.n
    assert asking[0][0].level == 0.05 / 4
    # One whose evidence is between 1/alpha and k/alpha is met only when the others are too.
    short = table(scores[: alone.n])
    weak = judge_tables(short, *others, stop_early=True)
    assert weak[0][0].state is UNSETTLED
    strong = [table(np.ones(300))] * 3
    assert judge_tables(short, *strong, stop_early=True)[0][0].state is MET
    assert judge_tables(short, *strong, stop_early=True, have_ended=False)[0][0].state is UNSETTLED


def test_a_stop_rule_reads_whole_clusters():
    scores = np.repeat(shuffled(57, 60), 5)
    clusters = np.repeat(np.arange(60), 5)
    low = at_least(0.7)
    whole = judged(low, grounds(table(scores), clusters=clusters), stop_early=True)
    assert whole.state is MET
    assert whole.places % 5 == 0
    cut = grounds(table(scores[:-2], missing=2), clusters=clusters)
    assert judged(at_least(0.95), cut, stop_early=True).places == 295


def test_a_slice_is_read_in_the_order_of_the_whole_set():
    own = table(np.ones(200))
    channel = ["phone" if place % 4 == 0 else "web" for place in range(200)]
    result = judged(
        replace(BAR, slice={"channel": "phone"}), grounds(own, channel=channel), stop_early=True
    )
    assert result.state is MET
    assert result.places == 4 * (result.n - 1) + 1


def test_a_paired_criterion_is_read_as_far_as_both_have_come():
    own, other = np.ones(400), np.ones(400)
    own[::10] = 0
    other[5::10] = 0
    both = grounds(table(own), incumbent=table(other))
    result = judged(within(0.2), both, stop_early=True)
    assert result.state is MET
    slow = grounds(table(own), incumbent=table(other[:30], missing=370))
    behind = judged(within(0.2), slow, stop_early=True)
    assert (behind.state, behind.places) == (UNSETTLED, 30)
    assert result.method.startswith("paired difference from the incumbent: anytime-valid betting")


def test_latencies_and_costs_have_a_stop_rule_too():
    fast = table(np.ones(300), seconds=np.full(300, 0.5), usd=np.full(300, 0.0005))
    p95 = judged(at_most(2.0, "latency_p95_seconds"), fast, stop_early=True)
    assert (p95.state, p95.value) == (MET, 0.5)
    passes = np.arange(1, 301)
    first = int((log_evidence_above(passes, passes, bar=0.95) >= np.log(20)).argmax()) + 1
    assert p95.n == first
    cost = judged(at_most(1.5, "cost_per_1k_usd"), fast, stop_early=True)
    assert cost.state is MET
    assert 0.5 < known(cost.bound) <= 1.5


def test_a_candidate_is_settled_by_its_first_miss_or_its_last_go():
    lines = judge_tables(table(shuffled(285, 300)), stop_early=True)[0]
    met = lines[0]
    later = replace(met, places=met.places + 40)
    missed = replace(met, state=MISSED, places=7)
    advisory = replace(met, criterion=replace(BAR, advisory=True), state=UNSETTLED)
    assert settled_after([met, later]) == later.places
    assert settled_after([met, later, missed]) == 7
    assert settled_after([met, advisory]) == met.places
    assert settled_after([met, replace(met, state=UNSETTLED)]) is None
    assert settled_after([advisory]) is None


def test_stopping_on_whatever_has_arrived_is_biased_and_the_prefix_is_not():
    """Right answers come at once, wrong ones after a while: a candidate at the bar, many times."""
    draw, asked, rounds = default_rng(20260401), 200, 400
    arrived = complete = 0
    for _ in range(rounds):
        right = (draw.random(asked) < 0.85).astype(float)
        due = np.arange(asked) + np.where(right == 1, 1, 40)
        order = np.argsort(due, kind="stable")
        arrived += judged(BAR, table(right[order][:160]), stop_early=True).state is MET
        complete += judged(BAR, table(right[:160]), stop_early=True).state is MET
    assert complete / rounds <= 0.05
    assert arrived / rounds > 0.5


def test_evidence_gives_the_p_value_of_its_go_claim():
    own = run(93, 100)
    assert evidence_of(BAR, grounds(own), stop_early=False).p_go(EACH) == pytest.approx(
        0.0122, abs=5e-5
    )
    unasked = evidence_of(BAR, grounds(run(0, 0, missing=10)), stop_early=False)
    assert unasked.p_go(EACH) == 1.0
    sequential = evidence_of(BAR, grounds(table(np.ones(30))), stop_early=True)
    assert sequential.p_go(EACH) <= 0.05


@pytest.mark.parametrize("stop_early", [False, True])
def test_trials_that_were_never_judged_are_no_go_however_wide_the_margin(stop_early):
    """Against an incumbent that is always wrong, even the worst case lies within the margin."""
    lost = contender(table([], unscored=60), incumbent=table([0.0] * 60))
    (lines,) = judge_all(rules(within(0.6), stop_early=stop_early), [lost], have_ended=True)
    assert (lines[0].state, lines[0].value, lines[0].n) == (UNSETTLED, None, 0)


def test_a_margin_is_settled_once_something_was_judged():
    scores = [np.nan] * 59 + [0.0]
    late = contender(table(scores), incumbent=table([0.0] * 60))
    (lines,) = judge_all(rules(within(0.6), stop_early=True), [late], have_ended=True)
    assert (lines[0].state, lines[0].n, lines[0].places) == (MET, 1, 60)
