"""What keeps one worker's visit to a run within the evaluation's budget."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from time import monotonic

from django.utils import timezone

from evals.domain.allowances import Grant, Report
from evals.domain.budget import Purse
from evals.domain.heldcosts import budget_holds
from evals.domain.trials import Question, Reply
from evals.engine.pump import Pump
from evals.queries.work import RunWork
from evals.services.evaluations import stop_run
from evals.services.ledgers import charged_usd, close_account, swap_allowance
from evals.services.threads import DatabaseThread

SWAP_SECONDS = 1.0
DRY_SECONDS = 0.2  # between swaps while others have what may be left
SHORTEST_SECONDS = 0.02  # between swaps that bring something
AHEAD_SECONDS = 2.0  # a lost worker holds up about as much as this
_NOTHING = Decimal(0)


def spending_for(work: RunWork, *, holder: str) -> "Spending | None":
    """Return what keeps a visit to the run within the budget, None where there is none to keep."""
    budget = work.spec.plan.budget_usd
    if budget is None or not budget_holds(work.candidate):
        return None
    return Spending(work, holder=holder, budget=budget)


class Spending:
    """A purse for one visit that is filled from the evaluation's ledger; a pump's wallet.

    The purse belongs to the thread of the event loop; the database is swapped with in another.
    """

    def __init__(self, work: RunWork, *, holder: str, budget: Decimal) -> None:
        self.may_grow = True
        self._run = work.run
        self._holder = holder
        self._budget = budget
        self._places = work.candidate.endpoint.concurrency
        self._allowance = _NOTHING
        self._purse = Purse(_NOTHING, price=work.candidate.price, harness=work.candidate.harness)
        self._needed = self._largest = self._peak = self._last_needed = _NOTHING
        self._dry = asyncio.Event()
        self._pace = Pace()

    def reserve_all(self, questions: Sequence[Question]) -> bool:
        """Set the worst case of the questions aside; False where the purse has too little."""
        purse = self._purse
        if purse.reserve_all(questions):
            self._peak = max(self._peak, purse.reserved)
            return True
        worst = purse.worst_usd(questions)
        self._needed, self._largest = max(self._needed, worst), max(self._largest, worst)
        self._dry.set()
        return False

    def settle(self, question: Question, reply: Reply | None) -> None:
        """Put what a question really cost in the place of its worst case."""
        self._purse.settle(question, reply)

    def release(self, question: Question) -> None:
        """Put back what was set aside for a question that was never asked."""
        self._purse.release(question)

    async def keep_filled(self, pump: Pump, thread: DatabaseThread) -> None:
        """Swap about once a second, and at once when the purse is dry, until cancelled."""
        try:
            while True:
                self._dry.clear()
                report = self._report()
                grant = await thread.run(self._swap, report)
                self._purse.allowance = self._allowance = grant.allowance
                self.may_grow = grant.may_grow
                pump.refill()
                is_refused = report.needed and grant.allowance == report.kept
                await asyncio.sleep(DRY_SECONDS if is_refused else SHORTEST_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(SWAP_SECONDS):
                        await self._dry.wait()
        finally:
            pump.stop(grace_seconds=0)

    def _swap(self, report: Report) -> Grant:
        evaluation = self._run.evaluation_id
        return swap_allowance(evaluation_id=evaluation, budget=self._budget, report=report)

    def stop(self) -> None:
        """Stop the run, since its next request could pass the budget."""
        spent = charged_usd(evaluation_id=self._run.evaluation_id)
        message = (
            f"the budget of ${self._budget} is spent: ${spent:.4f}, "
            f"and the next request could cost ${self._last_needed:.4f}"
        )
        stop_run(run_id=self._run.pk, message=message, now=timezone.now())

    def leave(self) -> None:
        """Close the account; what has had no reply counts at its worst."""
        close_account(
            evaluation_id=self._run.evaluation_id,
            holder=self._holder,
            run_id=self._run.pk,
            spent=self._purse.spent + self._purse.reserved,
        )

    def _report(self) -> Report:
        """Let go of what is not needed soon, and say what is."""
        purse, needed = self._purse, self._needed
        used = purse.spent + purse.reserved
        ahead = self._pace.ahead(purse.spent) + self._peak - purse.reserved
        if needed:
            ahead = max(ahead, needed, self._places * self._largest - purse.reserved)
            self._last_needed = needed
        # A dry purse lets go of its last cents: two that keep theirs could wait for each other.
        kept = used if needed else max(used, min(self._allowance, used + ahead))
        purse.allowance = self._allowance = kept
        self._needed, self._peak = _NOTHING, purse.reserved
        return Report(
            holder=self._holder,
            run=self._run.pk,
            kept=kept,
            spent=purse.spent,
            wanted=used + ahead - kept,
            needed=needed,
        )


class Pace:
    """How fast money is spent."""

    def __init__(self) -> None:
        self._at, self._spent, self._per_second = monotonic(), _NOTHING, _NOTHING

    def ahead(self, spent: Decimal) -> Decimal:
        """Return what the next AHEAD_SECONDS will cost if they are like the last ones."""
        seconds = monotonic() - self._at
        if seconds >= SWAP_SECONDS / 2:
            self._per_second = (spent - self._spent) / Decimal(seconds)
            self._at, self._spent = monotonic(), spent
        return max(_NOTHING, self._per_second * Decimal(AHEAD_SECONDS))
