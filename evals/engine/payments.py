"""What keeps a pump within its budget: questions are paid for before they are asked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from evals.domain.trials import Question, Reply


class Wallet(Protocol):
    """What pays for questions; `evals.domain.budget.Purse` is one."""

    @property
    def may_grow(self) -> bool:
        """Whether it may be filled again: then it is worth waiting, and the pump is told."""

    def reserve_all(self, questions: Sequence[Question]) -> bool:
        """Set the worst case of all the questions aside, or of none; False where it is too much."""

    def settle(self, question: Question, reply: Reply | None) -> None:
        """Put what a question really cost in the place of its worst case; None: no reply came."""

    def release(self, question: Question) -> None:
        """Put back what was set aside for a question that was never asked."""


class Payments:
    """Lets the workers of one pump draw on its wallet; without one everything is paid for."""

    def __init__(self, wallet: Wallet | None) -> None:
        self.waiting = 0  # calls for which there was too little so far
        self._wallet = wallet
        self._open = 0  # calls that are paid for and not over
        self._settled = asyncio.Event()

    async def reserve(self, questions: Sequence[Question], *, may_wait: Callable[[], bool]) -> bool:
        """Set the worst case of the questions aside, all or none; False where that cannot be.

        Where the worst case of what is under way leaves too little, its real cost may leave enough:
        so answers are waited for while `may_wait`, or a wallet that is filled again.
        """
        wallet = self._wallet
        while wallet is not None and not wallet.reserve_all(questions):
            if not (may_wait() and (self._open or wallet.may_grow)):
                return False
            await self._change()
        self._open += 1
        return True

    def settle(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Put what the questions really cost in the place of their worst case; no replies: lost."""
        if self._wallet is not None:
            for place, question in enumerate(questions):
                self._wallet.settle(question, replies[place] if replies else None)
        self._close()

    def release(self, questions: Sequence[Question]) -> None:
        """Put back what was set aside for questions that were never asked."""
        if self._wallet is not None:
            for question in questions:
                self._wallet.release(question)
        self._close()

    def wake(self) -> None:
        """Let those that wait look again."""
        self._settled.set()

    def _close(self) -> None:
        self._open -= 1
        self.wake()

    async def _change(self) -> None:
        self._settled.clear()
        self.waiting += 1
        try:
            await self._settled.wait()
        finally:
            self.waiting -= 1
