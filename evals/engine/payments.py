"""What keeps a pump within its budget: questions are paid for before they are asked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from evals.domain.trials import Question, Reply, TrialState, Usage

_NO_TOKENS = Usage(input_tokens=0, output_tokens=0)
_UNASKED = Reply(state=TrialState.SKIPPED, usage=_NO_TOKENS, attempts=0)


class Wallet(Protocol):
    """What pays for questions; `evals.domain.budget.Purse` is one."""

    def reserve(self, question: Question) -> bool:
        """Set the worst case of a question aside; False where there is not enough left."""

    def settle(self, question: Question, reply: Reply | None) -> None:
        """Put what a question really cost in the place of its worst case; None: no reply came."""


class Payments:
    """Lets the workers of one pump draw on its wallet; without one everything is paid for."""

    def __init__(self, wallet: Wallet | None) -> None:
        self._wallet = wallet
        self._settled = asyncio.Event()

    async def reserve(self, questions: Sequence[Question], *, may_wait: Callable[[], bool]) -> bool:
        """Set the worst case of the questions aside, all or none; False where that cannot be.

        Where the worst case of what is under way leaves too little, its real cost may leave enough:
        so answers are waited for while `may_wait`.
        """
        if self._wallet is None:
            return True
        for place, question in enumerate(questions):
            while not self._wallet.reserve(question):
                if not may_wait():
                    self.settle(questions[:place], [_UNASKED] * place)
                    return False
                self._settled.clear()
                await self._settled.wait()
        return True

    def settle(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Put what the questions really cost in the place of their worst case; no replies: lost."""
        if self._wallet is None:
            return
        for place, question in enumerate(questions):
            self._wallet.settle(question, replies[place] if replies else None)
        self.wake()

    def wake(self) -> None:
        """Let those that wait look again."""
        self._settled.set()
