"""One endpoint's limits divided between all workers that ask it, on whatever hosts.

Each worker asks by a `ProcessLimit` of its own and, about once a second, exchanges what it holds
and wants for a share. `exchange` is plain: state and report in, state and share out. Whoever keeps
the state (a row in a database, locked while it is exchanged) makes the sharing safe.

The law: calls under way never pass the limit of all. A worker grows only into what the others have
let go of, which they do at the exchange after the one that told them to, once their calls have come
back. Who does not exchange for STALE_SECONDS stops asking, and is forgotten after LEASE_SECONDS.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from evals.engine.limits import Limits, ProcessLimit

LEASE_SECONDS = 10.0
STALE_SECONDS = 8.0  # less, since an exchange takes time and clocks drift
EXCHANGE_SECONDS = 1.0
HASTE = 5  # times as often, while somebody waits for somebody else
_NOTHING = 1e-6  # of a limit; less is what rounding leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one worker may have under way, what it was told last, and until when that counts.

    `in_flight` is what it said it had, for people to see.
    """

    holder: str
    held: int
    told: int
    wanted: int
    requests_per_minute: float
    tokens_per_minute: float
    until: float
    in_flight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What all workers of an endpoint hold, and until when a storm keeps them all from asking."""

    holdings: tuple[Holding, ...] = ()
    blocked_until: float = 0.0


def sharing_from(values: Mapping[str, Any]) -> Sharing:
    """Return the state from the JSON values of `dataclasses.asdict`; nothing is nobody yet."""
    holdings = tuple(Holding(**holding) for holding in values.get("holdings", ()))
    return Sharing(holdings=holdings, blocked_until=values.get("blocked_until", 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker says: calls under way, calls it could use, seconds that it was told to wait."""

    holder: str
    in_flight: int
    wanted: int
    blocked_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a worker may do until its next exchange; `concurrency` 0 means nothing yet."""

    concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    blocked_seconds: float


def exchange(
    sharing: Sharing, report: Report, *, limits: Limits, now: float
) -> tuple[Sharing, Share]:
    """Return the state after one worker's exchange, and its share.

    Args:
        sharing: The state as it was kept.
        report: From the worker.
        limits: The endpoint's, as they are now; they may change at any time.
        now: On the clock of whoever keeps the state.
    """
    live = [holding for holding in sharing.holdings if holding.until > now]
    others = [holding for holding in live if holding.holder != report.holder]
    before = sum(holding.told for holding in live if holding.holder == report.holder)
    blocked = max(sharing.blocked_until, now + report.blocked_seconds)
    share = replace(_share(others, report, limits), blocked_seconds=max(0.0, blocked - now))
    mine = Holding(
        holder=report.holder,
        # Until it has heard of a smaller share, it may start as much as it was told before.
        held=max(share.concurrency, before if before > share.concurrency else 0, report.in_flight),
        told=share.concurrency,
        wanted=report.wanted,
        requests_per_minute=share.requests_per_minute or 0.0,
        tokens_per_minute=share.tokens_per_minute or 0.0,
        until=now + LEASE_SECONDS,
        in_flight=report.in_flight,
    )
    return Sharing(holdings=(*others, mine), blocked_until=blocked), share


def left(sharing: Sharing, holder: str) -> Sharing:
    """Return the state without a worker whose calls have all come back."""
    return replace(sharing, holdings=tuple(h for h in sharing.holdings if h.holder != holder))


def fair_shares(total: int, wanted: list[int]) -> list[int]:
    """Return what each may have: as much as anybody, but no more than wanted, nobody nothing.

    What some do not want goes to the others. Where there is not one for each, the sum is more than
    the total, and who comes first is served.
    """
    shares, left_over = [0] * len(wanted), total
    by_claim = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for done, place in enumerate(by_claim):
        level = max(1, left_over // (len(wanted) - done))
        shares[place] = min(wanted[place], level)
        left_over = max(0, left_over - shares[place])
    return shares


def follow(limit: ProcessLimit, share: Share, *, now: float) -> None:
    """Let a process's limit follow a share that was asked for at `now` on its own clock."""
    limit.valid_until = now + STALE_SECONDS
    if share.blocked_seconds:
        limit.block(until=now + share.blocked_seconds)
    limit.retune(
        Limits(
            concurrency=share.concurrency,
            requests_per_minute=share.requests_per_minute,
            tokens_per_minute=share.tokens_per_minute,
        )
    )


async def keep_sharing(  # noqa: PLR0913 - what follows, whom it asks, and what it says
    limit: ProcessLimit,
    swap: Callable[[Report], Awaitable[Share]],
    *,
    holder: str,
    wanted: Callable[[], int],
    first: Share | None = None,
    seconds: float = EXCHANGE_SECONDS,
) -> None:
    """Exchange every so many `seconds`, until cancelled.

    Who has nothing yet or was told to let go does so more often: somebody waits.

    Args:
        limit: Follows the shares; make it with `concurrency=0`, so that it waits for the first.
        swap: Hands a report to whoever keeps the state and returns the share.
        holder: A name that no other worker has.
        wanted: How many calls this worker could use now.
        first: The share that it follows already.
        seconds: Between exchanges.
    """
    told, is_pressing = first, first is not None and not first.concurrency
    while True:
        if told is not None:
            await asyncio.sleep(seconds / (HASTE if is_pressing else 1))
        now = monotonic()
        report = Report(
            holder=holder,
            in_flight=limit.in_flight,
            wanted=wanted(),
            blocked_seconds=max(0.0, limit.blocked_until - now),
        )
        before, told = told, await swap(report)
        follow(limit, told, now=now)
        is_less = before is not None and told.concurrency < before.concurrency
        has_nothing = report.wanted > 0 and not told.concurrency
        is_pressing = is_less or has_nothing or limit.in_flight > told.concurrency


def _share(others: list[Holding], report: Report, limits: Limits) -> Share:
    shares = fair_shares(limits.concurrency, [report.wanted, *(each.wanted for each in others)])
    free = max(0, limits.concurrency - sum(each.held for each in others))
    part = shares[0] / max(1, sum(shares))
    requests = _rate(
        limits.requests_per_minute, part, [each.requests_per_minute for each in others]
    )
    tokens = _rate(limits.tokens_per_minute, part, [each.tokens_per_minute for each in others])
    has_rates = requests != 0 and tokens != 0
    return Share(
        concurrency=min(shares[0], free) if has_rates else 0,
        requests_per_minute=requests or None,
        tokens_per_minute=tokens or None,
        blocked_seconds=0.0,
    )


def _rate(limit: float | None, part: float, held: list[float]) -> float | None:
    """Return a share of a rate as far as the others have let go of it, None where none limits."""
    if limit is None:
        return None
    rate = min(limit * part, limit - sum(held))
    return rate if rate > _NOTHING * limit else 0.0
