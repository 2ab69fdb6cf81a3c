"""The laws of the limits, on a clock of their own."""

from dataclasses import dataclass, field
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.engine.limits import (
    BURST_SECONDS,
    Bucket,
    Limits,
    Outcome,
    ProcessLimit,
    RateHint,
    Window,
)


def limit(concurrency: int = 8, **rates: float) -> ProcessLimit:
    return ProcessLimit(Limits(concurrency=concurrency, **rates))


def fill(subject: ProcessLimit, *, now: float = 0.0, cost: int = 0) -> int:
    """Take all that is granted now and return how much."""
    return next(count for count in range(10_000) if subject.take(cost, now=now))


def throttled(sent_at: float, wait: float | None = None) -> Outcome:
    return Outcome(sent_at=sent_at, is_throttled=True, wait_seconds=wait)


def test_as_many_calls_as_allowed_are_under_way():
    subject = limit(3)
    assert fill(subject) == subject.in_flight == 3
    assert subject.take(0, now=0.0) == inf
    subject.give_back(0)
    assert fill(subject) == 1


def test_requests_are_spaced_evenly_and_a_small_delay_is_caught_up():
    subject = limit(100, requests_per_minute=600)
    assert fill(subject, now=100.0) == 1
    assert subject.take(0, now=100.04) == pytest.approx(0.06)
    assert fill(subject, now=100.1) == 1
    assert fill(subject, now=110.0) == 1 + int(BURST_SECONDS / 0.1)


def test_tokens_are_paced_by_what_they_cost_and_corrected_by_what_they_used():
    subject = limit(100, tokens_per_minute=60_000)
    assert subject.take(2000, now=0.0) == 0
    assert subject.take(2000, now=0.0) == pytest.approx(2.0)
    subject.give_back(2000, used=500)
    assert subject.take(2000, now=0.0) == pytest.approx(0.5)


@given(
    per_minute=st.integers(1, 6000),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_no_stretch_of_time_has_more_than_its_rate(per_minute, gaps):
    bucket, now, spent = Bucket(per_minute), 0.0, []
    for gap in gaps:
        now += gap
        if bucket.wait(now) <= 0:
            bucket.spend(1, now=now)
            spent.append(now)
    for start, first in enumerate(spent):
        for stop in range(start, len(spent)):
            most = (spent[stop] - first + BURST_SECONDS) * per_minute / 60 + 1 + 1e-6
            assert stop - start + 1 <= most


def test_a_refusal_narrows_the_window_once_for_all_that_was_sent_before():
    subject = limit(100)
    fill(subject)
    for _ in range(2):
        subject.report(throttled(sent_at=0.0), now=1.0)
    assert subject.window == 70
    subject.report(throttled(sent_at=1.1), now=2.0)
    assert subject.window == 49


def test_answers_widen_the_window_again_up_to_the_most():
    window = Window(64)
    window.narrow(in_flight=64, sent_at=0, now=1)
    sizes = [window.size]
    for _ in range(1000):
        window.widen()
        sizes.append(window.size)
    assert sizes == sorted(sizes)
    assert sizes[-1] == 64
    # About a sixteenth for each round trip.
    assert sizes[45] / sizes[0] == pytest.approx(17 / 16, abs=0.01)


def test_the_window_never_closes():
    subject = limit(2)
    for moment in range(50):
        subject.report(throttled(sent_at=moment), now=moment + 0.5)
    assert subject.window == 1


def test_a_single_refusal_among_answers_stops_nobody_else():
    subject = limit(64)
    fill(subject)
    for _ in range(5):
        subject.report(throttled(sent_at=0.0, wait=30.0), now=0.1)
        subject.report(Outcome(sent_at=0.0), now=0.1)
    subject.in_flight = 0
    assert subject.take(0, now=0.2) == 0


def storm(subject: ProcessLimit, *, since: float, until: float, wait: float | None = None) -> None:
    """Refuse everything for a while."""
    for tenth in range(int(since * 10), int(until * 10)):
        subject.report(throttled(sent_at=tenth / 10, wait=wait), now=tenth / 10)


def test_a_storm_is_waited_out_for_as_long_as_the_server_says():
    subject = limit(8)
    storm(subject, since=0, until=1, wait=20.0)
    assert subject.take(0, now=1.0) == 0
    subject.give_back(0)
    storm(subject, since=1, until=1.1, wait=20.0)
    assert subject.take(0, now=2.0) == pytest.approx(19.0)
    assert subject.take(0, now=21.0) == 0


def test_a_storm_without_a_word_is_waited_out_longer_and_longer():
    subject, now, waits = limit(8), 1.0, []
    storm(subject, since=0, until=1)
    for _ in range(7):
        subject.report(throttled(sent_at=now), now=now)
        waits.append(round(subject.blocked_until - now, 6))
        now = subject.blocked_until + 0.01
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_an_answer_ends_a_storm():
    subject = limit(8)
    storm(subject, since=0, until=1.1)
    subject.report(Outcome(sent_at=2.5), now=2.6)
    subject.report(throttled(sent_at=2.5), now=2.7)
    assert subject.blocked_until == 2.0


def test_what_was_sent_before_the_storm_was_noticed_makes_it_no_longer():
    subject = limit(64)
    storm(subject, since=0, until=1.1)
    for _ in range(64):
        subject.report(throttled(sent_at=0.9), now=1.5)
    assert subject.blocked_until == 2.0


@pytest.mark.parametrize(
    ("hint", "wait"),
    [
        (RateHint(requests_left=0, requests_reset_seconds=6), 6),
        (RateHint(requests_left=0, requests_reset_seconds=86_400), 60),
        (RateHint(requests_left=0), 0),
        (RateHint(requests_left=1, requests_reset_seconds=6), 0),
        (RateHint(tokens_left=400, tokens_reset_seconds=3), 3),
        (RateHint(tokens_left=600, tokens_reset_seconds=3), 0),
    ],
)
def test_where_the_vendor_says_that_nothing_is_left_its_reset_is_waited_for(hint, wait):
    subject = limit(8)
    subject.take(500, now=0.0)
    subject.report(Outcome(sent_at=0.0, hint=hint), now=0.0)
    assert subject.take(500, now=0.0) == wait


def test_limits_can_change_while_calls_are_under_way():
    subject = limit(4)
    fill(subject)
    subject.retune(Limits(concurrency=6))
    assert fill(subject) == 2
    subject.retune(Limits(concurrency=2, requests_per_minute=60))
    for _ in range(6):
        subject.give_back(0)
    assert fill(subject, now=10.0) == 1
    assert subject.take(0, now=10.5) == pytest.approx(0.5)
    subject.retune(Limits(concurrency=2, requests_per_minute=120))
    subject.give_back(0)
    assert subject.take(0, now=10.5) == pytest.approx(0)
    subject.retune(Limits(concurrency=0))
    assert subject.take(0, now=99.0) == inf
    subject.report(throttled(sent_at=99.0), now=99.0)
    assert subject.window == 0
    subject.retune(Limits(concurrency=5))
    assert subject.window == 5


def test_a_grant_that_ran_out_grants_nothing():
    subject = limit(4)
    subject.valid_until = 5.0
    assert subject.take(0, now=4.9) == 0
    assert subject.take(0, now=5.0) == inf


@dataclass
class Server:
    """Takes so many calls at once and refuses the rest."""

    capacity: int
    seconds: float = 0.1
    busy: list[float] = field(default_factory=list)

    def ask(self, now: float) -> float | None:
        """Return when the answer comes, or None where the call is refused."""
        self.busy = [until for until in self.busy if until > now]
        if len(self.busy) >= self.capacity:
            return None
        self.busy.append(now + self.seconds)
        return now + self.seconds


@pytest.mark.parametrize(("capacity", "concurrency"), [(10, 64), (40, 64), (100, 64), (3, 256)])
def test_the_window_finds_what_a_server_can_take(capacity, concurrency):
    server, subject = Server(capacity), limit(concurrency)
    calls: list[tuple[float, float, bool]] = []  # ends, sent, throttled
    answered = refused = 0
    for step in range(6000):
        now = step * 0.005
        for call in [call for call in calls if call[0] <= now]:
            calls.remove(call)
            subject.give_back(0)
            subject.report(Outcome(sent_at=call[1], is_throttled=call[2]), now=now)
            if now > 10:
                answered, refused = answered + (not call[2]), refused + call[2]
        while subject.take(0, now=now) == 0:
            end = server.ask(now)
            calls.append((end or now + 0.005, now, end is None))
    best = 20 / 0.1 * min(capacity, concurrency)
    assert answered > 0.6 * best
    assert refused < 0.2 * answered
