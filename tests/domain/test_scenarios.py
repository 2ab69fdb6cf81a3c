"""A shock replayed over a task: costs, verdicts, fallbacks, and what never may happen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.scenarios import replay
from evals.domain.shockedlines import Push, pushed_line
from evals.domain.shocks import Affects, Availability, Shock
from evals.domain.survival import Reason, Survival
from evals.domain.verdicts import Verdict
from tests.domain.positions import (
    accepted_line,
    closed,
    cost_line,
    open_model,
    paired_line,
    position,
    score_line,
    speed_line,
)
from tests.known import known

TODAY = date(2026, 6, 1)
CUT = Shock(affects=Affects.DEVELOPER, availability=Availability.ALL, notice_days=30)
DEARER = Shock(affects=Affects.MODEL, price_multiplier=Decimal(4), notice_days=30)

multipliers = st.decimals(Decimal("0.01"), Decimal(50), places=2)
days = st.none() | st.integers(0, 200)
countries = st.frozensets(st.sampled_from(["US", "FR", "CN"]), max_size=2)
options = st.builds(
    open_model,
    name=st.sampled_from(["a", "b", "c"]),
    verdict=st.sampled_from([*Verdict, None]),
    is_stale=st.booleans(),
    developer=st.none() | st.sampled_from(["ExampleAI", "Ai2"]),
    host=st.none() | st.sampled_from(["own hardware", "api.example.com", "host.example.org"]),
    hourly_share=st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]),
    gpu=st.none() | st.just("L4"),
    jurisdictions=countries,
    is_country_unknown=st.booleans(),
    retires_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    judged_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 1)),
    cost_per_task_usd=st.none() | st.decimals(0, 1, places=4),
    accepted_share=st.none() | st.decimals(0, 1, places=3),
    lines=st.lists(
        st.builds(score_line, st.floats(0.5, 0.95))
        | st.builds(cost_line, st.floats(0.1, 10), at_most=st.floats(0.1, 10))
        | st.builds(paired_line, st.floats(-0.2, 0.2))
        | st.builds(
            accepted_line,
            st.floats(0.001, 0.1),
            at_most=st.floats(0.001, 0.1),
            bound=st.floats(-0.1, 0.1),
            rule=st.sampled_from(AcceptedRule),
        ),
        max_size=3,
    ).map(tuple),
)
positions = st.builds(
    position,
    monthly_volume=st.none() | st.integers(0, 10**6),
    switch_days=days,
    failure_cost_usd=st.none() | st.decimals(0, 1, places=2),
    incumbent=st.none()
    | st.builds(
        closed,
        developer=st.none() | st.just("ExampleAI"),
        jurisdictions=countries,
        cost_per_task_usd=st.none() | st.decimals(0, 1, places=4),
        retires_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    ),
    others=st.lists(options, max_size=4).map(tuple),
)
shocks = st.builds(
    Shock,
    affects=st.sampled_from(Affects),
    target=st.none() | st.sampled_from(["US", "ExampleAI", "api.example.com", "L4"]),
    price_multiplier=st.just(Decimal(1)) | multipliers,
    quality_delta=st.just(Decimal(0)) | st.decimals(-1, 1, places=2),
    outage_hours=st.sampled_from([Decimal(0), Decimal(15)]),
    notice_days=days,
    availability=st.none() | st.sampled_from(Availability),
)


@given(positions, st.sampled_from(Affects), days)
def test_a_null_shock_changes_nothing(task, affects, notice):
    task = replace(task, others=tuple(replace(o, retires_on=None) for o in task.others))
    outcome = replay(task, Shock(affects=affects, notice_days=notice), today=TODAY)
    assert outcome.survival in {Survival.UNHARMED, Survival.UNKNOWN}
    assert outcome.reason in {Reason.NOT_HIT, Reason.NO_INCUMBENT}
    for other in outcome.others:
        assert other.verdict == other.option.verdict
        assert other.cost_per_task_usd == other.option.cost_per_task_usd
        assert other.is_gone is False
    if outcome.incumbent and not outcome.incumbent.is_gone:
        assert outcome.monthly_usd == outcome.monthly_before_usd


@given(st.floats(0.1, 10), st.floats(0.1, 10), multipliers, multipliers)
def test_a_larger_multiplier_never_turns_a_cost_line_from_missed_to_met(usd, limit, one, other):
    less, more = sorted((float(one), float(other)))
    order = [CriterionState.MET, CriterionState.UNSETTLED, CriterionState.MISSED]
    line = cost_line(usd, at_most=limit)
    states = [pushed_line(line, Push(cost_multiplier=m)).state for m in (less, more)]
    assert order.index(states[0]) <= order.index(states[1])


@given(positions, shocks, st.data())
def test_removing_options_never_makes_a_task_survive(task, shock, data):
    kept = data.draw(st.lists(st.booleans(), min_size=4, max_size=4))
    fewer = replace(task, others=tuple(o for o, k in zip(task.others, kept, strict=False) if k))
    if replay(fewer, shock, today=TODAY).survival is Survival.SURVIVES:
        assert replay(task, shock, today=TODAY).survival is Survival.SURVIVES


@given(positions, shocks)
def test_unknown_stays_unknown(task, shock):
    outcome = replay(task, shock, today=TODAY)
    known = [outcome.incumbent] if outcome.incumbent else []
    for each in (*known, *outcome.others):
        if each.option.cost_per_task_usd is None:
            assert each.cost_per_task_usd is None
            assert each.monthly_usd is None
        if task.monthly_volume is None:
            assert each.monthly_usd is None
        if each.is_hit is None:
            assert each.is_gone is not False or shock.availability is None
    if task.switch_days is None:
        assert outcome.survival is not Survival.SURVIVES
    if outcome.fallback:
        assert outcome.fallback.is_hit is False


@given(positions, shocks)
def test_a_survivor_has_a_go_that_is_not_hit_and_switches_in_time(task, shock):
    outcome = replay(task, shock, today=TODAY)
    if outcome.survival is not Survival.SURVIVES:
        return
    assert outcome.fallback is not None
    assert outcome.fallback.verdict is Verdict.GO
    assert outcome.fallback.option.still_holds(TODAY)
    assert task.switch_days == 0 or task.switch_days <= outcome.notice_days


@given(positions, shocks, st.integers(0, 200))
def test_more_notice_never_kills_a_task(task, shock, more):
    if replay(task, shock, today=TODAY).survival is Survival.SURVIVES:
        longer = replace(shock, notice_days=(shock.notice_days or 400) + more)
        assert replay(task, longer, today=TODAY).survival is Survival.SURVIVES


def test_a_price_rise_is_paid_and_the_fallback_is_not_hit():
    outcome = replay(position(), DEARER, today=TODAY)
    assert outcome.monthly_before_usd == 1000
    assert outcome.monthly_usd == 4000
    assert outcome.survival is Survival.SURVIVES
    assert known(outcome.fallback).monthly_usd == 200


@pytest.mark.parametrize(
    ("switch_days", "notice_days", "reason"),
    [
        (30, 30, Reason.IN_TIME),
        (31, 30, Reason.TOO_LATE),
        (None, 30, Reason.SWITCH_UNKNOWN),
        (14, None, Reason.NOTICE_UNKNOWN),
        (0, None, Reason.IN_TIME),
        (1, 0, Reason.TOO_LATE),
    ],
)
def test_time_to_switch_is_held_against_the_notice(switch_days, notice_days, reason):
    shock = replace(CUT, notice_days=notice_days)
    outcome = replay(position(switch_days=switch_days), shock, today=TODAY)
    assert outcome.reason is reason


def test_without_a_go_a_task_that_is_cut_off_stands_still():
    outcome = replay(position(others=()), CUT, today=TODAY)
    assert outcome.reason is Reason.NO_FALLBACK
    assert outcome.stands_still
    assert outcome.monthly_usd is None


def test_a_task_that_survives_a_cut_pays_its_fallback():
    outcome = replay(position(), CUT, today=TODAY)
    assert outcome.monthly_usd == 200
    assert not outcome.stands_still


def test_a_stale_go_is_no_fallback():
    task = position(others=(open_model(is_stale=True),))
    assert replay(task, CUT, today=TODAY).reason is Reason.NO_FALLBACK


def test_a_go_that_is_too_old_is_no_fallback():
    task = position(others=(open_model(judged_on=date(2026, 3, 3)),))
    assert replay(task, CUT, today=TODAY).reason is Reason.IN_TIME
    assert replay(task, CUT, today=date(2026, 6, 2)).reason is Reason.NO_FALLBACK


def test_a_go_of_an_old_price_is_no_fallback():
    task = position(others=(open_model(judged_on=TODAY, priced_on=date(2026, 1, 1)),))
    assert replay(task, CUT, today=TODAY).reason is Reason.NO_FALLBACK


def test_a_fallback_of_the_same_vendor_is_hit_too():
    task = position(others=(closed("gpt-x-mini", verdict=Verdict.GO, lines=(score_line(),)),))
    assert replay(task, CUT, today=TODAY).reason is Reason.NO_FALLBACK
    assert replay(task, replace(CUT, affects=Affects.MODEL), today=TODAY).reason is Reason.IN_TIME


def test_what_the_team_serves_itself_is_not_taken_back_by_its_developer_or_country():
    own = open_model(developer="ExampleAI", jurisdictions=frozenset({"US"}))
    task = position(others=(own,))
    assert replay(task, CUT, today=TODAY).reason is Reason.IN_TIME
    country = replace(CUT, affects=Affects.JURISDICTION, target="US")
    assert replay(task, country, today=TODAY).reason is Reason.IN_TIME


def test_a_fallback_that_may_be_hit_leaves_it_unknown():
    hosted = open_model(host="host.example.org", is_country_unknown=True, jurisdictions=frozenset())
    country = replace(CUT, affects=Affects.JURISDICTION, target="US")
    outcome = replay(position(others=(hosted,)), country, today=TODAY)
    assert outcome.reason is Reason.FALLBACK_UNKNOWN


def test_an_incumbent_of_unknown_country_leaves_it_unknown():
    somewhere = closed(is_country_unknown=True, jurisdictions=frozenset())
    country = replace(CUT, affects=Affects.JURISDICTION, target="US")
    outcome = replay(position(incumbent=somewhere), country, today=TODAY)
    assert outcome.reason is Reason.HIT_UNKNOWN
    assert outcome.monthly_usd is None


def test_hardware_gets_dearer_for_what_is_paid_by_the_hour_alone():
    half = open_model("half", hourly_share=Decimal("0.5"))
    shock = Shock(affects=Affects.GPU, price_multiplier=Decimal("1.38"))
    outcome = replay(position(others=(open_model(), half)), shock, today=TODAY)
    assert [o.cost_per_task_usd for o in outcome.others] == [Decimal("0.00276"), Decimal("0.00238")]
    assert outcome.monthly_usd == outcome.monthly_before_usd
    assert outcome.reason is Reason.NOT_HIT


def test_another_gpu_is_not_hit():
    shock = Shock(affects=Affects.GPU, target="H100", price_multiplier=Decimal(2))
    outcome = replay(position(), shock, today=TODAY)
    assert outcome.others[0].is_hit is False


def test_a_dearer_gpu_takes_a_go_away_that_hung_on_its_cost():
    lines = (score_line(), cost_line(1.2, at_most=1.5))
    shock = Shock(affects=Affects.GPU, price_multiplier=Decimal(2))
    outcome = replay(position(others=(open_model(lines=lines),)), shock, today=TODAY)
    assert outcome.others[0].verdict is Verdict.NO_GO
    assert outcome.fallback is None


def test_what_was_too_dear_is_at_best_unsettled_when_prices_fall():
    line = cost_line(3, at_most=1.5)
    assert line.state is CriterionState.MISSED
    cheaper = pushed_line(line, Push(cost_multiplier=0.1))
    assert cheaper.state is CriterionState.UNSETTLED


def test_a_silent_loss_takes_the_go_of_what_is_hit():
    hosted = open_model(host="api.example.com", developer="ExampleAI")
    shock = Shock(affects=Affects.DEVELOPER, quality_delta=Decimal("-0.16"), notice_days=0)
    outcome = replay(position(others=(hosted,)), shock, today=TODAY)
    assert outcome.others[0].verdict is Verdict.NO_GO


def test_a_silent_loss_of_the_incumbent_lifts_those_that_are_compared_with_it():
    rival = open_model(verdict=Verdict.UNDECIDED, lines=(paired_line(-0.05),))
    shock = Shock(affects=Affects.MODEL, quality_delta=Decimal("-0.16"), notice_days=60)
    outcome = replay(position(others=(rival,)), shock, today=TODAY)
    assert outcome.others[0].verdict is Verdict.GO
    assert outcome.survival is Survival.SURVIVES


def test_both_degrade_and_their_difference_stays():
    assert pushed_line(paired_line(-0.05), Push(own_quality=-0.1, incumbent_quality=-0.1)) == (
        paired_line(-0.05)
    )


def test_a_retirement_gives_the_days_that_are_left():
    shock = Shock(affects=Affects.MODEL, availability=Availability.ALL)
    task = position(incumbent=closed(retires_on=date(2026, 6, 11)), switch_days=10)
    assert replay(task, shock, today=TODAY).notice_days == 10
    assert replay(task, shock, today=TODAY).reason is Reason.IN_TIME
    assert replay(task, shock, today=date(2026, 6, 2)).reason is Reason.TOO_LATE


def test_a_fallback_that_is_retired_is_none():
    task = position(others=(open_model(retires_on=date(2026, 5, 1)),))
    assert replay(task, CUT, today=TODAY).reason is Reason.NO_FALLBACK


def test_an_outage_costs_the_requests_of_its_hours():
    shock = Shock(affects=Affects.DEVELOPER, outage_hours=Decimal(73))
    outcome = replay(position(failure_cost_usd=Decimal("0.4")), shock, today=TODAY)
    assert outcome.failed_tasks == 10_000
    assert outcome.failure_usd == 4000
    assert replay(position(), shock, today=TODAY).failure_usd is None


def test_a_price_cut_harms_nobody():
    shock = replace(DEARER, price_multiplier=Decimal("0.2"))
    outcome = replay(position(), shock, today=TODAY)
    assert outcome.reason is Reason.NOT_HARMED
    assert outcome.monthly_usd == 200


def test_what_is_in_use_answers_today_whatever_the_record_of_its_retirement_says():
    shock = replace(DEARER, price_multiplier=Decimal("0.2"))
    outdated = position(incumbent=closed(retires_on=date(2026, 5, 1)))
    outcome = replay(outdated, shock, today=TODAY)
    assert (outcome.reason, outcome.monthly_usd) == (Reason.NOT_HARMED, Decimal(200))


def test_the_fallback_is_the_cheapest_per_accepted_answer():
    dear = open_model("dear", cost_per_task_usd=Decimal("0.003"))
    bad = open_model("bad", cost_per_task_usd=Decimal("0.0019"), accepted_share=Decimal("0.5"))
    unknown = open_model("unknown", cost_per_task_usd=None)
    outcome = replay(position(others=(unknown, dear, bad, open_model())), CUT, today=TODAY)
    assert known(outcome.fallback).option.name == "olmo"


@pytest.mark.parametrize("metric", ["ttft_p95_seconds", "latency_p95_seconds", "error_rate"])
def test_seconds_and_errors_are_no_scores_and_stay_where_quality_is_lost(metric):
    line = speed_line(metric, 3.0, at_most=2.0)
    assert pushed_line(line, Push(own_quality=-0.1, cost_multiplier=2)) == line


@pytest.mark.parametrize(
    ("rule", "bound"), [(AcceptedRule.DROPPED, -0.01), (AcceptedRule.REDONE, 0.02)]
)
def test_a_dearer_price_takes_a_go_away_that_hung_on_the_cost_of_an_accepted_answer(rule, bound):
    lines = (accepted_line(0.02, at_most=0.03, bound=bound, rule=rule),)
    gpu = Shock(affects=Affects.GPU, price_multiplier=Decimal(3), notice_days=0)
    other = open_model(lines=lines, cost_per_task_usd=Decimal("0.016"), hourly_share=Decimal(1))
    outcome = replay(position(others=(other,)), gpu, today=TODAY)
    assert outcome.others[0].verdict is not Verdict.GO
    assert outcome.fallback is None


def test_the_cost_of_an_accepted_answer_moves_by_price_and_by_quality():
    line = accepted_line(0.02, at_most=0.1, bound=-0.05)
    push = Push(cost_multiplier=2, own_quality=-0.4, cost_usd=0.016, accepted_share=0.8)
    moved = pushed_line(line, push)
    assert moved.value == pytest.approx(2 * 0.016 / 0.4)
    assert moved.bound == pytest.approx(-0.05 + 0.016 + 0.1 * 0.4)
    assert moved.state is CriterionState.UNSETTLED
    redone = accepted_line(0.026, at_most=0.1, bound=0.03, rule=AcceptedRule.REDONE)
    moved = pushed_line(redone, replace(push, failure_usd=0.05))
    assert moved.value == pytest.approx(2 * 0.016 + 0.6 * 0.05)
    assert moved.bound == pytest.approx(0.03 + 0.016 + 0.05 * 0.4)
    assert moved.state is CriterionState.MET


@pytest.mark.parametrize(("cost_usd", "accepted_share"), [(None, 0.8), (0.016, None)])
def test_the_cost_of_an_accepted_answer_is_unknown_where_what_it_hangs_on_is(
    cost_usd, accepted_share
):
    push = Push(
        cost_multiplier=0.5, own_quality=0.1, cost_usd=cost_usd, accepted_share=accepted_share
    )
    moved = pushed_line(accepted_line(0.02, at_most=0.1, bound=-0.05), push)
    assert (moved.value, moved.bound, moved.state) == (None, None, CriterionState.UNSETTLED)


def test_an_unsettled_bound_on_dropped_answers_is_held_against_nothing_more_than_the_limit():
    line = accepted_line(0.02, at_most=0.1, bound=0.05)
    cheaper = pushed_line(line, Push(cost_multiplier=0.9, cost_usd=0.016, accepted_share=0.8))
    assert cheaper.state is CriterionState.UNSETTLED


def test_where_no_answer_is_right_any_more_nothing_is_met():
    line = accepted_line(0.02, at_most=0.1, bound=-0.05)
    lost = pushed_line(line, Push(own_quality=-1, cost_usd=0.016, accepted_share=0.8))
    assert (lost.value, lost.state) == (None, CriterionState.UNSETTLED)
