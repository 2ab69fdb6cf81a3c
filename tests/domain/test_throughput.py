"""What a level of a sweep says, which level is best, and when a higher one tells nothing more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.problems import InputError
from evals.domain.sweeplevels import read_levels
from evals.domain.throughput import Level, SweepPlan, goodput, level_of, why_stop
from evals.domain.trials import Reply, TrialState, Usage

NUMBERS = st.one_of(st.none(), st.floats(0.001, 60))


def reply(seconds=0.1, *, state=TrialState.OK, ttft=None, tokens=(10, 5)):
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    return Reply(state=state, latency_seconds=seconds, ttft_seconds=ttft, usage=usage)


def level(replies, *, seconds=10.0, concurrency=4, bar=None, throttled=0) -> Level:
    return level_of(
        replies,
        concurrency=concurrency,
        seconds=seconds,
        latency_bar_seconds=bar,
        throttled=throttled,
    )


def test_tasks_an_hour_count_answered_requests_alone():
    found = level([reply()] * 90 + [reply(state=TrialState.INFRA_ERROR)] * 10)
    assert (found.requests, found.failed) == (100, 10)
    assert found.tasks_per_hour == pytest.approx(90 / 10 * 3600)
    assert found.output_tokens_per_second == pytest.approx(90 * 5 / 10)


def test_an_answer_without_text_was_work_too_and_a_refusal_was_none():
    found = level([reply(state=TrialState.NO_ANSWER), reply(state=TrialState.MODEL_ERROR)])
    assert (found.requests, found.failed) == (2, 1)


def test_one_answer_whose_usage_is_missing_leaves_the_rates_unknown():
    found = level([reply(), reply(tokens=(10, None))])
    assert found.input_tokens_per_second == pytest.approx(2)
    assert found.output_tokens_per_second is None


def test_nothing_answered_is_no_throughput_and_no_latency():
    found = level([reply(None, state=TrialState.INFRA_ERROR)] * 5)
    assert found.tasks_per_hour == 0
    assert found.output_tokens_per_second is None
    assert found.p95_seconds is None
    assert not found.is_within_bar
    assert goodput([found]) is None


def test_no_time_is_no_rate():
    assert level([reply()], seconds=0.0).tasks_per_hour is None


def test_95_of_100_requests_in_time_are_within_the_bar_and_94_are_not():
    slow = reply(2.0)
    assert level([reply()] * 95 + [slow] * 5, bar=1.0).is_within_bar
    assert not level([reply()] * 94 + [slow] * 6, bar=1.0).is_within_bar


def test_failed_requests_and_unknown_latencies_are_not_in_time():
    failed = reply(0.0, state=TrialState.MODEL_ERROR)
    assert not level([reply()] * 90 + [failed] * 10, bar=1.0).is_within_bar
    assert not level([reply()] * 90 + [reply(None)] * 10, bar=1.0).is_within_bar


def test_seconds_per_token_are_those_after_the_first_of_streamed_answers():
    streamed = reply(1.0, ttft=0.2, tokens=(10, 5))
    assert level([streamed]).tpot_p50_seconds == pytest.approx(0.2)
    assert level([reply(1.0, ttft=0.2, tokens=(10, 1))]).tpot_p50_seconds is None
    assert level([reply(1.0)]).tpot_p50_seconds is None


def test_the_interval_of_p95_waits_for_enough_answers():
    assert level([reply()] * 10).p95_high_seconds is None
    assert level([reply(0.001 * n) for n in range(1, 201)]).p95_high_seconds is not None


def test_goodput_is_the_most_tasks_among_levels_within_the_bar():
    few = level([reply()] * 50, bar=1.0, concurrency=1)
    more = level([reply()] * 100, bar=1.0, concurrency=2)
    slow = level([reply(5.0)] * 200, bar=1.0, concurrency=4)
    assert goodput([few, more, slow]) is more


def test_a_sweep_goes_on_while_there_is_more_to_be_had():
    few, more = level([reply()] * 50), level([reply()] * 100)
    assert why_stop([few]) == ""
    assert why_stop([few, more]) == ""


def test_a_sweep_stops_where_throughput_falls_or_errors_rule():
    few, more = level([reply()] * 50), level([reply()] * 100)
    failed = level([reply()] * 10 + [reply(state=TrialState.INFRA_ERROR)] * 90)
    assert "fell" in why_stop([more, few])
    assert "90 of 100 requests failed" in why_stop([failed])
    assert "slow down" in why_stop([replace(more, throttled=11)])


def test_a_sweep_stops_where_answers_are_too_slow_and_no_more_of_them_come():
    enough = level([reply(0.9)] * 100, bar=1.0, concurrency=8)
    late = level([reply(1.8)] * 101, bar=1.0, concurrency=16)
    assert "too long" in why_stop([enough, late])


def test_the_most_requests_count_warm_up_and_what_is_cut_off():
    assert SweepPlan(levels=(1, 8), samples=4).most_requests == (4 + 2) + (8 + 16)


@given(st.lists(NUMBERS, min_size=1, max_size=50), st.floats(0.01, 100))
def test_quantiles_keep_their_order_and_rates_are_never_negative(latencies, seconds):
    found = level([reply(each) for each in latencies], seconds=seconds)
    known = [found.p50_seconds, found.p95_seconds, found.p99_seconds]
    assert None in known or known == sorted(known)  # type: ignore[type-var]
    assert (found.tasks_per_hour or 0) >= 0


def test_levels_are_read_as_people_write_them():
    assert read_levels("1, 2,8") == (1, 2, 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0,1",
        "4,2",
        "2,2",
        "1,x",
        "1,,2",
        "-1",
        "9999",
        "1.5",
        "²",
        ",".join(map(str, range(1, 20))),
    ],
)
def test_odd_levels_are_refused_with_what_was_found(text):
    with pytest.raises(InputError, match=r"found .*expected"):
        read_levels(text)
