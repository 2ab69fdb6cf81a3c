"""One budget divided between all workers of an evaluation, in small allowances.

Each worker draws on a purse of its own and, about once a second, swaps a report for more. `swap` is
plain: state and report in, state and grant out. Whoever keeps the state (a row of a database,
locked while it is swapped) makes the dividing safe.

The law: what is closed and all allowances never pass the budget, and nobody spends beyond its
allowance. A worker lets go of what it has too much before it reports, never after. One that is lost
keeps its allowance for ever: it may have been paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

LEASE_SECONDS = 10.0
FORGET_SECONDS = 3600.0  # an account so long without a word is folded into what is closed
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one worker may spend on one run over its whole visit, and until when it is about.

    `spent` is what its answers had cost when it last reported.
    """

    run: int
    allowance: Decimal
    spent: Decimal
    until: float

    def charge(self, *, now: float) -> Decimal:
        """Return what counts as gone: what is spent, or all of it once the worker is lost."""
        return self.spent if self.until > now else self.allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """`closed` is what workers that have left had spent on each run; `accounts` are by holder."""

    closed: Mapping[int, Decimal]
    accounts: Mapping[str, Account]

    @property
    def committed(self) -> Decimal:
        """What may be spent by all that has been allowed so far."""
        return sum(self.closed.values(), _NOTHING) + sum(
            (account.allowance for account in self.accounts.values()), _NOTHING
        )

    def charged(self, run: int, *, now: float | None = None) -> Decimal:
        """Return the most that the run can have cost; without `now` every allowance counts."""
        mine = [account for account in self.accounts.values() if account.run == run]
        return self.closed.get(run, _NOTHING) + sum(
            (a.allowance if now is None else a.charge(now=now) for a in mine), _NOTHING
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker says.

    `kept` is the allowance that it goes on with until it has the answer, `wanted` how much more it
    could use soon, and `needed` what it cannot do without: the worst case of its next request.
    """

    holder: str
    run: int
    kept: Decimal
    spent: Decimal
    wanted: Decimal
    needed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a worker may spend from now on; `may_grow` says that waiting may bring it more."""

    allowance: Decimal
    may_grow: bool


def ledger_from(values: Mapping[str, Any]) -> Ledger:
    """Return the state from the JSON values of `ledger_values`; nothing is nobody yet."""
    accounts = {
        holder: Account(
            run=kept["run"],
            allowance=Decimal(kept["allowance"]),
            spent=Decimal(kept["spent"]),
            until=kept["until"],
        )
        for holder, kept in values.get("accounts", {}).items()
    }
    closed = {int(run): Decimal(usd) for run, usd in values.get("closed", {}).items()}
    return Ledger(closed=closed, accounts=accounts)


def ledger_values(ledger: Ledger) -> dict[str, Any]:
    """Return the state as JSON values; dollars as text, since JSON has no exact fractions."""
    return {
        "closed": {str(run): str(usd) for run, usd in ledger.closed.items()},
        "accounts": {
            holder: {
                "run": account.run,
                "allowance": str(account.allowance),
                "spent": str(account.spent),
                "until": account.until,
            }
            for holder, account in ledger.accounts.items()
        },
    }


def swap(ledger: Ledger, report: Report, *, budget: Decimal, now: float) -> tuple[Ledger, Grant]:
    """Return the state after one worker's swap, and what the worker may spend.

    A worker that was taken for lost and comes back gets its account again.

    Args:
        ledger: The state as it was kept.
        report: From the worker.
        budget: The cap of the whole evaluation.
        now: In seconds, on the clock of whoever keeps the state.
    """
    kept = _folded(_without(ledger, report.holder), now=now)
    free = budget - kept.committed - report.kept
    more = _more(report, free, sharers=1 + _live(kept, now=now))
    gone = sum((account.charge(now=now) for account in kept.accounts.values()), report.spent)
    mine = Account(
        run=report.run,
        allowance=report.kept + more,
        spent=report.spent,
        until=now + LEASE_SECONDS,
    )
    state = replace(kept, accounts={**kept.accounts, report.holder: mine})
    left = budget - sum(kept.closed.values(), gone)
    return state, Grant(allowance=mine.allowance, may_grow=report.needed <= left)


def left(ledger: Ledger, holder: str, *, run: int, spent: Decimal) -> Ledger:
    """Return the state without a worker that has nothing under way any more."""
    closed = {**ledger.closed, run: ledger.closed.get(run, _NOTHING) + spent}
    return replace(_without(ledger, holder), closed=closed)


def _more(report: Report, free: Decimal, *, sharers: int) -> Decimal:
    """Return how much more a worker gets: a fair part of what is free, or enough for a request."""
    if not report.wanted or free < report.needed or free <= 0:
        return _NOTHING
    return min(free, max(report.needed, min(report.wanted, free / sharers)))


def _live(ledger: Ledger, *, now: float) -> int:
    return sum(account.until > now for account in ledger.accounts.values())


def _without(ledger: Ledger, holder: str) -> Ledger:
    others = {name: kept for name, kept in ledger.accounts.items() if name != holder}
    return replace(ledger, accounts=others)


def _folded(ledger: Ledger, *, now: float) -> Ledger:
    """Return the state with accounts long lost among what is closed, so that it stays small."""
    old = {h: a for h, a in ledger.accounts.items() if a.until + FORGET_SECONDS < now}
    for holder, account in old.items():
        ledger = left(ledger, holder, run=account.run, spent=account.allowance)
    return ledger
