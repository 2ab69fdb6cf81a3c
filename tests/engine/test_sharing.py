"""One endpoint's limits between several workers."""

import asyncio
import json
from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from evals.engine.limits import Limits, ProcessLimit
from evals.engine.sharing import (
    LEASE_SECONDS,
    STALE_SECONDS,
    Report,
    Share,
    Sharing,
    exchange,
    fair_shares,
    follow,
    keep_sharing,
    left,
    sharing_from,
)

LIMITS = Limits(concurrency=64, requests_per_minute=600, tokens_per_minute=60_000)


class Row:
    """What a locked row of a database would keep."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.sharing = Sharing()
        self.limits = limits

    def swap(self, holder: str, *, now: float, in_flight: int = 0, wanted: int = 1000) -> Share:
        report = Report(holder=holder, in_flight=in_flight, wanted=wanted)
        kept = sharing_from(json.loads(json.dumps(asdict(self.sharing))))
        self.sharing, share = exchange(kept, report, limits=self.limits, now=now)
        return share


def test_a_worker_alone_has_it_all():
    share = Row().swap("a", now=0)
    assert (share.concurrency, share.requests_per_minute) == (64, 600)
    assert (share.tokens_per_minute, share.blocked_seconds) == (60_000, 0)


def test_a_second_worker_gets_its_half_as_the_first_lets_go():
    row = Row()
    row.swap("a", now=0)
    assert row.swap("b", now=0.1).concurrency == 0
    assert row.swap("a", now=1, in_flight=64).concurrency == 32
    assert row.swap("b", now=1.1).concurrency == 0  # the first may not have heard of it yet
    assert row.swap("a", now=2, in_flight=40).concurrency == 32
    assert row.swap("b", now=2.1).concurrency == 24  # eight calls are still out
    assert row.swap("a", now=3, in_flight=32).concurrency == 32
    share = row.swap("b", now=3.1)
    assert (share.concurrency, share.requests_per_minute) == (32, 300)


def test_who_wants_little_leaves_the_rest_to_the_others():
    row = Row()
    for second in range(4):
        row.swap("a", now=second, in_flight=2, wanted=2)
        row.swap("b", now=second + 0.5, in_flight=40)
    assert row.swap("b", now=5).concurrency == 62


def test_who_does_not_come_back_is_forgotten_after_it_has_stopped():
    row = Row()
    row.swap("a", now=0)
    assert row.swap("b", now=LEASE_SECONDS - 0.1).concurrency == 0
    assert row.swap("b", now=LEASE_SECONDS + 0.1).concurrency == 64
    assert STALE_SECONDS < LEASE_SECONDS


def test_who_leaves_is_forgotten_at_once():
    row = Row()
    row.swap("a", now=0)
    row.sharing = left(row.sharing, "a")
    assert row.swap("b", now=0.1).concurrency == 64


def test_a_storm_that_one_meets_holds_all():
    row = Row()
    report = Report(holder="a", in_flight=9, wanted=64, blocked_seconds=20)
    row.sharing, _ = exchange(row.sharing, report, limits=LIMITS, now=5)
    assert row.swap("b", now=10).blocked_seconds == 15


def test_other_limits_hold_from_the_next_exchange_on():
    row = Row()
    row.swap("a", now=0)
    row.limits = Limits(concurrency=10)
    share = row.swap("a", now=1)
    assert (share.concurrency, share.requests_per_minute) == (10, None)


@given(st.integers(0, 300), st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_shares_are_fair(total, wanted):
    shares = fair_shares(total, wanted)
    assert all(share <= claim for share, claim in zip(shares, wanted, strict=True))
    assert all(share for share, claim in zip(shares, wanted, strict=True) if claim)
    if total >= len(wanted):
        assert sum(shares) <= total
        assert sum(shares) > min(total, sum(wanted)) - len(wanted)
    short = [
        share for share, claim in zip(shares, wanted, strict=True) if share < claim
    ]  # who has less than it wants has as much as anybody
    assert not short or min(short) >= max(shares) - 1 or total < len(wanted)


class Crowd:
    """Workers that do one thing at a time, in any order."""

    def __init__(self) -> None:
        self.limits = {name: ProcessLimit(Limits(concurrency=0)) for name in WORKERS}
        self._row = Row(Limits(concurrency=20))
        self._unheard: dict[str, Share] = {}
        self._wanted = dict.fromkeys(WORKERS, 1000)

    def swap(self, name: str, _: int, now: float) -> None:
        if name not in self._unheard:
            in_flight, wanted = self.limits[name].in_flight, self._wanted[name]
            share = self._row.swap(name, now=now, in_flight=in_flight, wanted=wanted)
            self._unheard[name] = share

    def hear(self, name: str, _: int, now: float) -> None:
        if name in self._unheard:
            follow(self.limits[name], self._unheard.pop(name), now=now)

    def ask(self, name: str, amount: int, now: float) -> None:
        for _ in range(amount):
            self.limits[name].take(0, now=now)

    def end(self, name: str, amount: int, _: float) -> None:
        for _ in range(min(amount, self.limits[name].in_flight)):
            self.limits[name].give_back(0)

    def want(self, name: str, amount: int, _: float) -> None:
        self._wanted[name] = amount


WORKERS = "abcd"
STEPS = st.tuples(
    st.sampled_from(WORKERS),
    st.sampled_from(["swap", "swap", "hear", "ask", "ask", "end", "want"]),
    st.integers(0, 80),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=150))
def test_calls_under_way_never_pass_the_limit_of_all(steps):
    """Between an exchange and the hearing of it a worker goes on by its old share."""
    crowd = Crowd()
    for number, (name, step, amount) in enumerate(steps):
        getattr(crowd, step)(name, amount, number * 0.01)
        assert sum(limit.in_flight for limit in crowd.limits.values()) <= 20


def test_workers_that_keep_sharing_come_to_fair_shares():
    async def main() -> list[int]:
        row, loop = Row(), asyncio.get_running_loop()
        limits = [ProcessLimit(Limits(concurrency=0)) for _ in range(4)]

        async def swap(report: Report) -> Share:
            row.sharing, share = exchange(row.sharing, report, limits=LIMITS, now=loop.time())
            return share

        tasks = [
            asyncio.create_task(
                keep_sharing(limit, swap, holder=str(n), wanted=lambda: 64, seconds=0.01)
            )
            for n, limit in enumerate(limits)
        ]
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        return [limit.window for limit in limits]

    assert asyncio.run(main()) == [16, 16, 16, 16]


def test_who_waits_for_a_part_and_who_lets_go_of_it_do_so_within_two_swaps():
    async def main() -> float:
        row, loop = Row(), asyncio.get_running_loop()

        async def swap(report: Report) -> Share:
            row.sharing, share = exchange(row.sharing, report, limits=LIMITS, now=loop.time())
            return share

        def keep(limit: ProcessLimit, holder: str) -> "asyncio.Task[None]":
            kept = keep_sharing(limit, swap, holder=holder, wanted=lambda: 64, seconds=0.5)
            return asyncio.create_task(kept)

        one, two = (ProcessLimit(Limits(concurrency=0)) for _ in range(2))
        tasks = [keep(one, "one")]
        await asyncio.sleep(0.1)
        tasks.append(keep(two, "two"))
        started = loop.time()
        while two.window < 32:  # noqa: ASYNC110 - a limit follows without a word
            await asyncio.sleep(0.01)
        seconds = loop.time() - started
        for task in tasks:
            task.cancel()
        return seconds

    assert asyncio.run(main()) < 2 * 0.5


def test_a_share_that_was_had_before_is_not_asked_for_again_at_once():
    async def main() -> int:
        swaps = 0

        async def swap(report: Report) -> Share:
            nonlocal swaps
            swaps += 1
            return share

        limit = ProcessLimit(Limits(concurrency=8))
        kept = keep_sharing(limit, swap, holder="a", wanted=lambda: 8, first=share, seconds=0.1)
        task = asyncio.create_task(kept)
        await asyncio.sleep(0.05)
        task.cancel()
        return swaps

    share = Row(Limits(concurrency=8)).swap("a", now=0)
    assert asyncio.run(main()) == 0
